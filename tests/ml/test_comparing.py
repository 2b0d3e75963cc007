"""Two networks on a labelled set."""

from pathlib import Path

import pytest

from ml.comparing import Comparer
from ml.finding import Finder
from ml.labelled import Labelled
from ml.photo import Photo
from ml.runtime import Networks
from ml.tasks.base import Choices
from ml.tasks.emotion import LABELS, OWN
from ml.types import RgbU8

WEIGHTS = Path(__file__).parents[2] / "weights"


@pytest.mark.parametrize("labels", LABELS)
def test_a_set_of_expressions_is_answered_by_its_own_labels(labels: str, astronaut: RgbU8) -> None:
    networks = Networks(WEIGHTS, threads=1)
    both = networks.get("face"), networks.get("mini-xception")
    comparer = Comparer(
        task="emotion", networks=both, finder=Finder(networks), skip=True, choices=Choices(emotion_labels=labels)
    )
    outcome = comparer.run([Labelled(("a.jpg",), "happy")], lambda _name: Photo(astronaut), lambda _share, _said: None)
    (answered,) = outcome.answered
    assert [said.labels for said in answered.answers] == [labels, OWN]

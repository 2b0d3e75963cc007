"""Generated faces on the real weights, through the engine."""

import numpy as np
import pytest

from ml.engine import Engine
from ml.errors import InvalidRequest
from ml.generation import EDITS
from ml.training.directions import judged


def test_the_same_seed_gives_the_same_faces(engine: Engine) -> None:
    three, five = engine.synthesize(count=3, seed=7), engine.synthesize(count=5, seed=7)
    assert (three.images == five.images[:3]).all()
    assert three.images.dtype == np.uint8
    assert three.size == (three.images.shape[2], three.images.shape[1])
    assert len(five.genders) == 5
    assert not (engine.synthesize(count=3, seed=8).images == three.images).all()


def test_a_drawn_seed_repeats_its_faces(engine: Engine) -> None:
    drawn = engine.synthesize(count=2)
    assert (engine.synthesize(count=2, seed=drawn.seed).images == drawn.images).all()


def test_truncation_reduces_the_variety(engine: Engine) -> None:
    spread = [engine.synthesize(count=6, seed=1, truncation=t).images.astype(float).std(0).mean() for t in (0, 0.5, 1)]
    assert spread[0] == 0
    assert spread[0] < spread[1] < spread[2]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_faces_lead_from_one_seed_to_another(engine: Engine, count: int) -> None:
    way = engine.synthesize(count=count, seed=1, to_seed=2).images
    ends = [engine.synthesize(count=1, seed=seed).images[0] for seed in (1, 2)]
    assert len(way) == count
    assert (way[0] == ends[0]).all()
    assert count == 1 or np.abs(way[-1].astype(int) - ends[1]).max() <= 1
    assert count < 3 or not (way[1] == way[0]).all()


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_what_it_names(engine: Engine, name: str) -> None:
    less, more = (engine.synthesize(count=24, seed=3, edits={name: amount}).images for amount in (-2.0, 2.0))
    change = judged(engine, more) - judged(engine, less)
    assert (change[:, EDITS.index(name)] > 0).mean() > 0.8


def test_no_edit_is_no_change(engine: Engine) -> None:
    plain = engine.synthesize(count=2, seed=3).images
    assert (engine.synthesize(count=2, seed=3, edits=dict.fromkeys(EDITS, 0.0)).images == plain).all()


def test_an_unknown_direction_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidRequest, match="hat"):
        engine.synthesize(count=1, seed=3, edits={"hat": 1.0})

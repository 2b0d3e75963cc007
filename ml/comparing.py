"""Two networks on the same faces of a labelled set: what each says, how long each takes. Faces are found once, for both alike."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ml import embedding
from ml.answering import Question, answer
from ml.boxes import prominent
from ml.differing import difference
from ml.finding import SKIP, DetectOptions, Finder
from ml.labelled import VERDICTS, Labelled
from ml.photo import Photo
from ml.runtime import Network, warm_up
from ml.tasks.base import USUAL, Choices
from ml.types import Face

Read = Callable[[str], Photo]
"""Name of a file of the set -> its photograph."""
Tell = Callable[[float, str], None]
"""Takes the share that is done and a sentence; may raise to end the work."""
VERIFY: Final = "verify"


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One item of the set and what both networks said. For verify the answers are similarities."""

    item: Labelled
    answers: tuple[Any, Any]
    differs: bool
    difference: float


@dataclass(slots=True)
class Outcome:
    """All items that both answered, files without a face, and milliseconds per face (crop, network, decoding) of each network."""

    answered: list[Answered] = field(default_factory=list)
    no_face: list[str] = field(default_factory=list)
    skipped_pairs: int = 0
    faces: int = 0
    ms: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))


class Comparer:
    """Asks both networks about one face after the other, in turns, so that neither always goes first.

    skip: each photograph is one face. choices: how the labels of the set are meant.
    """

    def __init__(
        self,
        *,
        task: str,
        networks: tuple[Network, Network],
        finder: Finder,
        skip: bool = False,
        choices: Choices = USUAL,
    ) -> None:
        self._task = task
        self._networks = networks
        self._finder = finder
        self._choices = choices
        self._detect = DetectOptions(detector=SKIP) if skip else DetectOptions()
        self._outcome = Outcome()

    def run(self, items: Sequence[Labelled], read: Read, tell: Tell) -> Outcome:
        """Go through the set. `read` may raise FaceError, which ends the comparison."""
        for network in self._networks:
            warm_up(network)
        if self._task == VERIFY:
            self._pairs(items, read, tell)
        else:
            self._faces(items, read, tell)
        return self._outcome

    def _faces(self, items: Sequence[Labelled], read: Read, tell: Tell) -> None:
        for number, item in enumerate(items):
            tell(number / len(items), f"{number:,} of {len(items):,} photographs")
            both = self._both(read(item.files[0]), item.files[0], item.truth)
            if both is not None:
                differs, amount = difference(self._task, *both)
                self._outcome.answered.append(Answered(item, both, differs, amount))

    def _pairs(self, items: Sequence[Labelled], read: Read, tell: Tell) -> None:
        names = list(dict.fromkeys(name for item in items for name in item.files))
        known: dict[str, tuple[Any, Any] | None] = {}
        for number, name in enumerate(names):
            tell(number / len(names), f"{number:,} of {len(names):,} photographs")
            known[name] = self._both(read(name), name)
        limits = [embedding.threshold_for(network.spec, None)[0] for network in self._networks]
        for item in items:
            one, other = (known[name] for name in item.files)
            if one is None or other is None:
                self._outcome.skipped_pairs += 1
                continue
            similarities = float(one[0] @ other[0]), float(one[1] @ other[1])
            verdicts = [value >= limit for value, limit in zip(similarities, limits, strict=True)]
            differs, amount = difference(VERIFY, *verdicts)
            said = tuple(
                {"label": VERDICTS[verdict], "similarity": value, "threshold": limit}
                for verdict, value, limit in zip(verdicts, similarities, limits, strict=True)
            )
            self._outcome.answered.append(Answered(item, (said[0], said[1]), differs, amount))

    def _both(self, photo: Photo, name: str, truth: Any = None) -> tuple[Any, Any] | None:
        """What both say about the face that the labels mean; None when there is none."""
        faces = self._finder.find(photo, self._detect).faces
        if not faces:
            self._outcome.no_face.append(name)
            return None
        face = _meant(photo, faces, truth)
        answers: list[Any] = [None, None]
        for place in self._order():
            answers[place] = self._one(place, photo, face)
        self._outcome.faces += 1
        return answers[0], answers[1]

    def _order(self) -> Iterator[int]:
        return iter((0, 1) if self._outcome.faces % 2 == 0 else (1, 0))

    def _one(self, place: int, photo: Photo, face: Face) -> Any:
        network = self._networks[place]
        start = time.perf_counter()
        if self._task == VERIFY:
            said: Any = embedding.embed(network, photo, face)
        else:
            said = answer(Question(photo, [(network, [self._task])], self._choices), face)[self._task]
        self._outcome.ms[place].append((time.perf_counter() - start) * 1000)
        return said


def _meant(photo: Photo, faces: Sequence[Face], truth: Any) -> Face:
    """The face around the labelled points where there are any, else the one that the photograph is of, as verification takes it."""
    if not isinstance(truth, np.ndarray):
        return prominent(faces, (photo.width, photo.height))
    middle = np.nanmean(truth, axis=0)
    return min(faces, key=lambda face: float(np.linalg.norm(face.box_xyxy.reshape(2, 2).mean(0) - middle)))

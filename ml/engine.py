"""The one door to the networks: photographs in, typed reports out. Safe to call from many threads at once."""

import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ml import embedding, generation, memory
from ml.active import DETECT, SYNTHESIS, VERIFY, Active, Snapshot
from ml.answering import Question, answer, answers, grouped
from ml.errors import InvalidRequest, NoFace
from ml.finding import AS_IT_IS, SKIP, DetectOptions, Finder
from ml.manifest import NetworkSpec
from ml.photo import Photo
from ml.reports import FaceReport, ModelRef, Report, SynthesisReport, VerifyReport
from ml.runtime import Networks, Runtime, warm_up
from ml.tasks import FACE_TASKS
from ml.tasks.base import Choices
from ml.tasks.detect import decode as name_points
from ml.tasks.embedding import EMBEDDING
from ml.timing import Timer
from ml.types import RgbU8

__all__ = ["DETECT", "PHOTO_TASKS", "SYNTHESIS", "VERIFY", "Engine"]

PHOTO_TASKS: Final = (DETECT, *FACE_TASKS)
"""What `analyze` can be asked for."""
SWITCH_S: Final = 0.0005
"""How long a thread may hold the interpreter when another wants it. With Python's own 5 ms a network's answer may wait as long for another
request's arithmetic: two threads then do 1.64 times the work of one instead of 1.79."""


class Engine:
    """Loads every active network once and answers with them; which one is active may change while requests run.

    threads: how many parts of photographs are worked on at once, and interpreters per network. Raises NotReady when a network is missing
    or damaged. Wherever `version` or `versions` is taken, "network version" names the one that shall answer instead of the
    active one; InvalidRequest when it is unknown or cannot answer.
    """

    def __init__(self, weights_dir: Path, *, runtime: Runtime = "litert", threads: int = 2) -> None:
        cv2.setNumThreads(1)  # requests run side by side; OpenCV's own threads would only compete with them
        sys.setswitchinterval(SWITCH_S)
        self._networks = Networks(weights_dir, runtime=runtime, threads=threads)
        self._active = Active(self._networks)
        self._finder = Finder(self._networks)

    @property
    def active(self) -> Mapping[str, NetworkSpec]:
        """The network that answers each task now."""
        return {task: network.spec for task, network in self._active.snapshot.items()}

    @property
    def specs(self) -> Sequence[NetworkSpec]:
        """Every network that the manifest lists or that was added."""
        return self._networks.specs

    @property
    def added(self) -> Sequence[NetworkSpec]:
        """Those that were added."""
        return self._networks.added

    @property
    def detectors(self) -> tuple[str, ...]:
        """What DetectOptions.detector may be."""
        return self._finder.names

    def warm_up(self) -> None:
        """Run every network once, so that the first request is as fast as the next."""
        for network in {id(network): network for network in self._active.snapshot.values()}.values():
            if network.spec.input.size is not None:
                warm_up(network)
        blank = Photo(np.full((480, 640, 3), 127, np.uint8))
        self._finder.find(blank, DetectOptions(rotate=False))
        self._finder.find(blank, DetectOptions(detector=SKIP))
        self.synthesize(count=1, seed=0)

    def activate(self, task: str, key: str) -> None:
        """Load and warm the network "name version", then let it answer the task from the next request on.

        Requests that run end with the network they began with. Raises InvalidRequest when it is unknown or cannot answer, NotReady
        when it cannot be loaded; the old one then goes on.
        """
        self._active.activate(task, key)

    def add(self, spec: NetworkSpec, folder: Path) -> None:
        """Make a network known whose file lies in another folder than the manifest's. Raises InvalidRequest when its key is taken."""
        self._active.add(spec, folder)

    def remove(self, key: str) -> None:
        """Forget a network that was added. Raises InvalidRequest while it answers a task."""
        self._active.remove(key)

    def give_back(self) -> bool:
        """Return the memory of networks that no longer answer, and what large photographs left behind; False while a running request
        still holds such a network. Call it now and then.
        """
        memory.give_back()
        return self._active.give_back()

    def close(self) -> None:
        """Stop the threads; running work ends first."""
        self._networks.workers.close()

    def analyze(
        self,
        photo: Photo,
        tasks: Iterable[str],
        *,
        detect: DetectOptions | None = None,
        landmarks: str = "68",
        emotion_labels: str = "crowd",
        versions: Mapping[str, str] | None = None,
        embedding: bool = False,
    ) -> Report:
        """Every asked task (names of PHOTO_TASKS) for every face; each distinct network runs once per face, or up to
        three times where landmarks were badly framed.

        landmarks: one of ml.tasks.landmarks.SCHEMES; emotion_labels: one of ml.tasks.emotion.LABELS.
        versions: task -> "network version". Detection has none; its detector is named in `detect`. embedding: what verification's
        network says of each face too, as the result "embedding".

        Raises InvalidRequest for an unknown task or option, NoFace when a task needs a face and there is none.
        """
        tasks = list(dict.fromkeys(tasks))
        self._check_tasks(tasks)
        groups = grouped(self._active.chosen([*tasks, *([VERIFY] if embedding else [])], versions or {}))
        timer = Timer(photo)
        with timer.step(DETECT):
            found = self._finder.find(photo, detect or DetectOptions())
        if not found.faces and (embedding or tasks != [DETECT]):
            raise NoFace("No face was found in the photograph.", {**found.tried, "brightness": _brightness(photo)})
        results = answers(
            Question(photo, groups, Choices(landmarks, emotion_labels)), found.faces, timer, self._networks.workers
        )
        if DETECT in tasks:
            results = [{DETECT: name_points(face)} | rest for face, rest in zip(found.faces, results, strict=True)]
        models = {_answer_name(task): ModelRef.of(network.spec) for network, names in groups for task in names}
        if DETECT in tasks and found.model:
            models[DETECT] = found.model
        return Report(
            size=(photo.width, photo.height),
            rotation=found.rotation,
            faces=[FaceReport(face, own) for face, own in zip(found.faces, results, strict=True)],
            models={name: models[name] for name in (*tasks, EMBEDDING.name) if name in models},
            timing_ms=timer.finish(),
            tried=found.tried,
        )

    def verify(
        self,
        photo1: Photo,
        photo2: Photo,
        *,
        face1: int | None = None,
        face2: int | None = None,
        false_match_rate: float | None = None,
        detect: DetectOptions | None = None,
        version: str | None = None,
    ) -> VerifyReport:
        """Compare one face of each photograph: the one of the given index, or the most prominent; both embedded by one network.

        Raises NoFace, or InvalidRequest for an index or a rate out of range.
        """
        network = self._active.chosen([VERIFY], _pinned(VERIFY, version))[VERIFY]
        threshold, rate = embedding.threshold_for(network.spec, false_match_rate)
        timer = Timer(photo1, photo2)
        with timer.step(DETECT):
            found = [self._finder.find(photo, detect or DetectOptions()) for photo in (photo1, photo2)]
        first = embedding.choose(photo1, found[0].faces, face1, "image1", found[0].tried)
        second = embedding.choose(photo2, found[1].faces, face2, "image2", found[1].tried)
        with timer.step(VERIFY), self._networks.workers.cores() as cores:
            sides = ((photo1, first), (photo2, second))
            similarity = float(np.dot(*(embedding.embed(network, photo, face, cores) for photo, face in sides)))
        return VerifyReport(
            verified=similarity >= threshold,
            similarity=similarity,
            threshold=threshold,
            false_match_rate=rate,
            faces=(first, second),
            candidates=(found[0].faces, found[1].faces),
            sizes=((photo1.width, photo1.height), (photo2.width, photo2.height)),
            model=ModelRef.of(network.spec),
            timing_ms=timer.finish(),
        )

    def synthesize(
        self,
        *,
        count: int = 16,
        seed: int | None = None,
        truncation: float = 1.0,
        to_seed: int | None = None,
        edits: Mapping[str, float] | None = None,
        version: str | None = None,
    ) -> SynthesisReport:
        """Generate faces as ml.generation.Wish says; the same seed gives the same faces. Without a seed one is drawn and told.

        An image in which the detector finds no face is drawn again, see ml.generation.drawn.

        Raises InvalidRequest for an edit that the generator has no direction for.
        """
        chosen, timer = self._active.chosen([SYNTHESIS, "gender"], _pinned(SYNTHESIS, version)), Timer()
        network, judge = chosen[SYNTHESIS], {"gender": chosen["gender"]}
        seed = secrets.randbelow(2**32) if seed is None else seed
        with timer.step(SYNTHESIS):
            wish = generation.Wish(count, seed, truncation, to_seed, edits or {})
            images = generation.drawn(wish, network, self._are_faces)
        with timer.step("gender"):
            genders = list(self._networks.workers.map(lambda image: self._gender_of(image, judge), images))
        return SynthesisReport(images, seed, genders, ModelRef.of(network.spec), timer.finish())

    def _are_faces(self, images: generation.Images) -> list[bool]:
        def is_face(rgb_u8: RgbU8) -> bool:
            return bool(self._finder.find(Photo(rgb_u8), AS_IT_IS).faces)

        return list(self._networks.workers.map(is_face, images))

    def _gender_of(self, rgb_u8: Any, judge: Snapshot) -> Any:
        photo = Photo(rgb_u8)
        face = self._finder.find(photo, DetectOptions(detector=SKIP)).faces[0]
        return answer(Question(photo, grouped(judge)), face)["gender"]

    def _check_tasks(self, tasks: list[str]) -> None:
        unknown = [task for task in tasks if task not in PHOTO_TASKS]
        if unknown or not tasks:
            raise InvalidRequest(f"tasks must be some of {', '.join(PHOTO_TASKS)}.", {"unknown": unknown})


def _answer_name(task: str) -> str:
    """What is told of each face by the network of a task."""
    return EMBEDDING.name if task == VERIFY else task


def _pinned(task: str, version: str | None) -> Mapping[str, str]:
    return {} if version is None else {task: version}


def _brightness(photo: Photo) -> float:
    """Mean grey level, 0..255; a look at every eighth pixel is enough."""
    return round(float(photo.view(8).rgb_u8[::8, ::8].mean()), 1)

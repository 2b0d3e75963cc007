"""The one door to the networks: photographs in, typed reports out. Safe to call from many threads at once."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ml import embedding, generation
from ml.align import crop_matrix, prepare, warp
from ml.errors import InvalidRequest, NoFace, NotReady
from ml.finding import SKIP, DetectOptions, Finder
from ml.images import Photo
from ml.manifest import NetworkSpec
from ml.reports import FaceReport, ModelRef, Report, SynthesisReport, VerifyReport
from ml.runtime import Network, Networks, Runtime, warm_up
from ml.tasks import FACE_TASKS
from ml.tasks.base import Scene
from ml.tasks.detect import decode as name_points
from ml.timing import Timer
from ml.types import Face

DETECT: Final = "detect"
VERIFY: Final = "verify"
SYNTHESIS: Final = "synthesis"
OTHER_OUTPUTS: Final = {VERIFY: ("embedding",), SYNTHESIS: ("image",)}
PHOTO_TASKS: Final = (DETECT, *FACE_TASKS)
"""What `analyze` can be asked for."""


class Engine:
    """Loads every active network once and answers with them.

    threads: faces that are worked on at once, and interpreters per network. Raises NotReady when a network is missing
    or damaged.
    """

    def __init__(self, weights_dir: Path, *, runtime: Runtime = "litert", threads: int = 2) -> None:
        cv2.setNumThreads(1)  # requests run side by side; OpenCV's own threads would only compete with them
        self._networks = Networks(weights_dir, runtime=runtime, threads=threads)
        self._active: dict[str, Network] = {
            task: self._networks.get(*key.split(" ")) for task, key in self._networks.manifest.active.items()
        }
        self._check_active()
        self._finder = Finder(self._networks)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="face")

    @property
    def active(self) -> Mapping[str, NetworkSpec]:
        """The network that answers each task."""
        return {task: network.spec for task, network in self._active.items()}

    @property
    def specs(self) -> Sequence[NetworkSpec]:
        """Every network that the manifest lists."""
        return list(self._networks.manifest.networks.values())

    @property
    def detectors(self) -> tuple[str, ...]:
        """What DetectOptions.detector may be."""
        return self._finder.names

    def warm_up(self) -> None:
        """Run every network once, so that the first request is as fast as the next."""
        for network in {id(network): network for network in self._active.values()}.values():
            if network.spec.input.size is not None:
                warm_up(network)
        blank = Photo(np.full((480, 640, 3), 127, np.uint8))
        self._finder.find(blank, DetectOptions(rotate=False))
        self._finder.find(blank, DetectOptions(detector=SKIP))
        self.synthesize(count=1, seed=0)

    def close(self) -> None:
        """Stop the threads; running work ends first."""
        self._pool.shutdown()

    def analyze(
        self, photo: Photo, tasks: Iterable[str], *, detect: DetectOptions | None = None, landmarks: str = "68"
    ) -> Report:
        """Every asked task (names of PHOTO_TASKS) for every face; each distinct network runs once per face.

        Raises InvalidRequest for an unknown task or option, NoFace when a task needs a face and there is none.
        """
        tasks = list(dict.fromkeys(tasks))
        self._check_tasks(tasks)
        timer = Timer(photo)
        with timer.step(DETECT):
            found = self._finder.find(photo, detect or DetectOptions())
        if not found.faces and tasks != [DETECT]:
            raise NoFace("No face was found in the photograph.", {**found.tried, "brightness": _brightness(photo)})
        groups = self._grouped(tasks)
        work = [(photo, face, groups, landmarks, timer) for face in found.faces]
        answers = list(self._pool.map(lambda job: _answer(*job), work))
        if DETECT in tasks:
            answers = [{DETECT: name_points(face)} | rest for face, rest in zip(found.faces, answers, strict=True)]
        models = {task: ModelRef.of(network.spec) for network, names in groups for task in names}
        if DETECT in tasks and found.model:
            models[DETECT] = found.model
        return Report(
            size=(photo.width, photo.height),
            rotation=found.rotation,
            faces=[FaceReport(face, results) for face, results in zip(found.faces, answers, strict=True)],
            models={task: models[task] for task in tasks if task in models},
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
    ) -> VerifyReport:
        """Compare one face of each photograph: the one of the given index, or the largest.

        Raises NoFace, or InvalidRequest for an index or a rate out of range.
        """
        network = self._active[VERIFY]
        threshold, rate = embedding.threshold_for(network.spec, false_match_rate)
        timer = Timer(photo1, photo2)
        with timer.step(DETECT):
            found = [self._finder.find(photo, detect or DetectOptions()) for photo in (photo1, photo2)]
        first = embedding.choose(found[0].faces, face1, "image1", found[0].tried)
        second = embedding.choose(found[1].faces, face2, "image2", found[1].tried)
        with timer.step(VERIFY):
            similarity = float(embedding.embed(network, photo1, first) @ embedding.embed(network, photo2, second))
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

    def synthesize(self, *, count: int = 16, seed: int | None = None, truncation: float = 1.0) -> SynthesisReport:
        """Generate faces; the same seed gives the same faces. Without a seed one is drawn and told."""
        network, timer = self._active[SYNTHESIS], Timer()
        seed = secrets.randbelow(2**32) if seed is None else seed
        with timer.step(SYNTHESIS):
            images = generation.generate(network, generation.latents(count, seed, truncation))
        with timer.step("gender"):
            genders = list(self._pool.map(self._gender_of, images))
        return SynthesisReport(images, seed, genders, ModelRef.of(network.spec), timer.finish())

    def _gender_of(self, rgb_u8: Any) -> Any:
        photo = Photo(rgb_u8)
        face = self._finder.find(photo, DetectOptions(detector=SKIP)).faces[0]
        return _answer(photo, face, self._grouped(["gender"]), "68", Timer())["gender"]

    def _check_active(self) -> None:
        for task in (*FACE_TASKS, VERIFY, SYNTHESIS):
            if task not in self._active:
                raise NotReady(f"The manifest names no active network for {task}.")
            wanted = FACE_TASKS[task].output_names if task in FACE_TASKS else OTHER_OUTPUTS[task]
            spec = self._active[task].spec
            if not set(wanted) <= set(spec.outputs):
                raise NotReady(f"{spec.key} cannot answer {task}: it has no output {', '.join(wanted)}.")

    def _check_tasks(self, tasks: list[str]) -> None:
        unknown = [task for task in tasks if task not in PHOTO_TASKS]
        if unknown or not tasks:
            raise InvalidRequest(f"tasks must be some of {', '.join(PHOTO_TASKS)}.", {"unknown": unknown})

    def _grouped(self, tasks: Iterable[str]) -> list[tuple[Network, list[str]]]:
        groups: dict[str, tuple[Network, list[str]]] = {}
        for task in tasks:
            if task != DETECT:
                network = self._active[task]
                groups.setdefault(network.spec.key, (network, []))[1].append(task)
        return list(groups.values())


def _answer(
    photo: Photo, face: Face, groups: list[tuple[Network, list[str]]], landmarks: str, timer: Timer
) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for network, names in groups:
        with timer.step(names[0] if len(names) == 1 else network.spec.name):
            spec = network.spec.input
            matrix = crop_matrix(spec, face, photo.rgb_u8.shape[:2])
            outputs = network.run(prepare(spec, warp(photo.rgb_u8, matrix, spec.fixed_size)))
            scene = Scene(face, network.spec, matrix, landmarks)
            results |= {name: FACE_TASKS[name].decode(outputs, scene) for name in names}
    return {name: results[name] for name in FACE_TASKS if name in results}


def _brightness(photo: Photo) -> float:
    """Mean grey level, 0..255; a look at every eighth pixel is enough."""
    return round(float(photo.rgb_u8[::8, ::8].mean()), 1)

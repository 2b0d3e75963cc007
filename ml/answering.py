"""One face through the networks that answer for it."""

from typing import Any

from ml.active import Snapshot
from ml.align import crop, crop_matrix, prepare
from ml.clarity import CLEAR, LEAST, clarity
from ml.photo import Photo
from ml.runtime import Network
from ml.tasks import FACE_TASKS
from ml.tasks.base import Scene
from ml.timing import Timer
from ml.types import Face


def grouped(chosen: Snapshot) -> list[tuple[Network, list[str]]]:
    """Each distinct network once, with the tasks it answers."""
    groups: dict[str, tuple[Network, list[str]]] = {}
    for task, network in chosen.items():
        groups.setdefault(network.spec.key, (network, []))[1].append(task)
    return list(groups.values())


def answer(
    photo: Photo, face: Face, groups: list[tuple[Network, list[str]]], landmarks: str, timer: Timer
) -> dict[str, Any]:
    """The result of each task for one face; every network runs once. `landmarks` is the scheme of points."""
    results: dict[str, Any] = {}
    judged = any(name in LEAST for _, names in groups for name in names)
    seen = clarity(photo, face) if judged else CLEAR
    for network, names in groups:
        with timer.step(names[0] if len(names) == 1 else network.spec.name):
            spec = network.spec.input
            matrix = crop_matrix(spec, face, (photo.height, photo.width))
            outputs = network.run(prepare(spec, crop(photo, matrix, spec.fixed_size)))
            scene = Scene(face, network.spec, matrix, landmarks, seen)
            results |= {name: FACE_TASKS[name].decode(outputs, scene) for name in names}
    return {name: results[name] for name in FACE_TASKS if name in results}

"""Faces through the networks that answer for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from ml.active import VERIFY, Snapshot
from ml.align import crop_matrix, look
from ml.clarity import CLEAR, LEAST, Clarity, clarity
from ml.photo import Photo
from ml.runtime import Network
from ml.tasks import FACE_TASKS
from ml.tasks.base import USUAL, Choices, Scene, Task
from ml.tasks.embedding import EMBEDDING
from ml.timing import Timer
from ml.types import F32, Face
from ml.workers import ALONE, Workers

Look = tuple[Mapping[str, F32], Scene]
"""Outputs of a network for one crop, and the crop."""
MORE_LOOKS: Final = 2
"""At most so many, at a face that the first crop framed badly for a task."""
Asked = tuple[Network, list[str]]
"""A network and the tasks that it answers."""
_QUESTIONS: Final[Mapping[str, Task[Any]]] = {**FACE_TASKS, VERIFY: EMBEDDING}
"""By the task whose network answers; results go by the question's own name."""


def grouped(chosen: Snapshot) -> list[Asked]:
    """Each distinct network once, with the tasks it answers."""
    groups: dict[str, Asked] = {}
    for task, network in chosen.items():
        groups.setdefault(network.spec.key, (network, []))[1].append(task)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about every face of a photograph: by which networks, what the client chose, and how many cores a network may use."""

    photo: Photo
    groups: list[Asked]
    choices: Choices = USUAL
    threads: int = 1


def answers(question: Question, faces: Sequence[Face], timer: Timer, workers: Workers) -> list[dict[str, Any]]:
    """The result of each task for each face; every network runs once per face, again where the crop turns out badly framed."""
    judged = any(name in LEAST for _, names in question.groups for name in names)
    seen = list(workers.map(partial(clarity, question.photo), faces)) if judged else [CLEAR] * len(faces)
    # What takes longest is begun first, so that threads end together.
    groups = sorted(question.groups, key=lambda asked: asked[0].seconds, reverse=True)
    asked = [(number, group) for number in range(len(faces)) for group in groups]

    def work(job: tuple[int, Asked, int]) -> dict[str, Any]:
        number, (network, names), threads = job
        with timer.step(names[0] if len(names) == 1 else network.spec.name):
            return _ask(replace(question, threads=threads), faces[number], seen[number], network, names)

    results: list[dict[str, Any]] = [{} for _ in faces]
    with workers.cores() as cores:
        jobs = [(*job, threads) for job, threads in zip(asked, spread(len(asked), cores), strict=True)]
        for (number, *_), result in zip(jobs, workers.map(work, jobs), strict=True):
            results[number] |= result
    names = [task.name for task in _QUESTIONS.values()]
    return [{name: result[name] for name in names if name in result} for result in results]


def spread(jobs: int, cores: int) -> list[int]:
    """Threads of each job: one, while there is a job for each core; the last ones share the cores that would be idle."""
    last = jobs % cores
    return [1] * (jobs - last) + [cores // max(last, 1)] * last


def answer(question: Question, face: Face) -> dict[str, Any]:
    """The same for one face, in the caller's thread."""
    return answers(question, [face], Timer(), ALONE)[0]


def _ask(question: Question, face: Face, seen: Clarity, network: Network, names: list[str]) -> dict[str, Any]:
    photo, spec = question.photo, network.spec.input
    matrix = crop_matrix(spec, face, (photo.height, photo.width))
    first = _look(question, network, Scene(face, network.spec, matrix, question.choices, seen))
    results = {}
    for task in (_QUESTIONS[name] for name in names):
        results[task.name] = task.decode(*_best_look(question, network, task, first))
    return results


def _best_look(question: Question, network: Network, task: Task[Any], first: Look) -> Look:
    """The first look, or a further one that frames the face as the network is used to; the first if none does."""
    best, again = first, task.again or (lambda _outputs, _scene: None)
    for _ in range(MORE_LOOKS):
        better = again(*best)
        if better is None:
            return best
        best = _look(question, network, replace(best[1], matrix=better))
    return first if again(*best) is not None else best


def _look(question: Question, network: Network, scene: Scene) -> Look:
    return network.run(look(network.spec.input, question.photo, scene.matrix), question.threads), scene

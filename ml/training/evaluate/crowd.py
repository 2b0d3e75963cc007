"""The validation faces of the five sets about a face's owner, and a network's figures on them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.runtime import Network, Networks
from ml.tasks.base import Choices
from ml.tasks.emotion import OWN
from ml.training.corpus import SOURCES, Corpus, open_corpus
from ml.training.evaluate import people, served
from ml.training.evaluate.images import Images, of_corpus


@dataclass(frozen=True, slots=True)
class Crowd:
    """Images of each set with their faces, as found and as if sent as crops."""

    corpus: Corpus
    images: dict[str, Images]
    found: dict[str, served.Faces]
    crops: dict[str, served.Faces]
    threads: int = 1

    def report(self, network: Network, tasks: Sequence[str]) -> dict[str, Any]:
        """Task -> its figures; "as_crops" has the headline figures for the images sent as face crops."""
        figures = self._measured(network, tasks, self.found)
        crops = self._measured(network, tasks, self.crops)
        for task in tasks:
            names = [key for _, key, _ in people.HEADLINES[task]]
            figures[task]["as_crops"] = {name: crops[task][name] for name in names}
            figures[task]["without_a_face"] = {
                name: int((self.found[name].confidences == 0).sum()) for name in people.SETS[task]
            }
        return figures

    def _measured(self, network: Network, tasks: Sequence[str], faces: dict[str, served.Faces]) -> dict[str, Any]:
        names = [name for name in SOURCES if any(name in people.SETS[task] for task in tasks)]
        results: dict[str, list[Any]] = {task: [] for task in tasks}
        for name in names:
            found = self._asked(network, name, faces[name], tasks)
            for task, answers in found.items():
                results[task] += answers
        rows = np.concatenate([self.corpus.rows(name, "val") for name in names])
        case = people.Case(
            self.corpus.labels.take(rows),
            tuple(file for name in names for file in self.images[name].files),
            np.concatenate([faces[name].pixels for name in names]),
            self.corpus.groups,
        )
        return {task: people.TASKS[task](results[task], case) for task in tasks}

    def _asked(self, network: Network, name: str, faces: served.Faces, tasks: Sequence[str]) -> dict[str, list[Any]]:
        """As served.answers; expressions as pairs, by the crowd's labels and by FER-2013's."""
        found = served.answers(network, self.images[name], faces, tasks, threads=self.threads)
        if "emotion" not in found:
            return found
        again = found
        if name in people.SETS["emotion"] and found["emotion"][0].labels != OWN:
            choices = Choices(emotion_labels="fer2013")
            again = served.answers(network, self.images[name], faces, ["emotion"], choices, threads=self.threads)
        return found | {"emotion": list(zip(found["emotion"], again["emotion"], strict=True))}


def gather(data: Path, work: Path, networks: Networks, tasks: Collection[str], *, threads: int = 1) -> Crowd:
    """Read the validation images that the tasks have labels for, and find their faces."""
    corpus = open_corpus(data, work)
    names = [name for name in SOURCES if any(name in people.SETS[task] for task in tasks)]
    images = {name: of_corpus(corpus, name, corpus.rows(name, "val")) for name in names}
    return Crowd(
        corpus,
        images,
        {name: served.find(images[name], networks, work) for name in names},
        {name: served.find(images[name], networks, work, "crop") for name in names},
        threads,
    )

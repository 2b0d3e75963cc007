"""Measure every network as a client of the portal would get it, and write its report and the figures of its manifest entry.

    python -m ml.training.evaluate --data DIR --work DIR [--weights weights] [--only TASK …] [--network NAME …] [--time] [--threads N]

DIR of --data is the folder of the data sets, DIR of --work that of the caches (ml.training.face's serves; without one it is made).
Every network of the manifest that can answer a task is measured on the same faces in the same run, active or not. Figures of tasks
that are not measured, and times without --time, stay as they are. `make accuracy` then writes tables, plots and cards.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2

from ml.active import can_answer
from ml.manifest import NetworkSpec
from ml.runtime import Network, Networks
from ml.tasks import FACE_TASKS
from ml.training import detection
from ml.training.evaluate import crowd, generated, matching, points, speed, spoilt
from ml.training.evaluate.people import TASKS
from ml.training.evaluate.writer import write

OTHERS: Final = ("verify", "synthesis", "detect", "clarity")
"""What else can be measured; "clarity": small and blurred faces."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says."""

    data: Path
    work: Path
    weights: Path
    only: tuple[str, ...]
    network: tuple[str, ...]
    time: bool
    threads: int

    def wants(self, task: str) -> bool:
        """Whether the task is to be measured."""
        return not self.only or task in self.only

    def tasks_of(self, spec: NetworkSpec, tasks: Mapping[str, Any] | tuple[str, ...]) -> list[str]:
        """Those of `tasks` that are wanted and that the network can answer."""
        if self.network and spec.name not in self.network:
            return []
        return [task for task in tasks if self.wants(task) and can_answer(spec, task)]


def main() -> None:
    """Run it."""
    settings = _settings()
    cv2.setNumThreads(1)
    networks = Networks(settings.weights, threads=settings.threads)
    if settings.wants("detect"):  # before anything else asks TensorFlow, whose threads it bounds
        detection.write(settings.data / "detection", settings.weights, timed=settings.time)
    _people(settings, networks)
    steps: dict[str, Callable[[Network], dict[str, Any]]] = {
        "landmarks": lambda network: points.report(network, settings.data, networks, settings.work),
        "verify": lambda network: matching.report(network, settings.data, networks, settings.work),
        "synthesis": lambda network: generated.report(network, networks, settings.weights, settings.data),
    }
    for task, measure in steps.items():
        for spec in networks.specs:
            if settings.tasks_of(spec, (task,)):
                _say(spec, [task])
                write(settings.weights, spec, {task: measure(networks.get(spec.name, spec.version))})
    if settings.wants("clarity"):
        spoilt.write(settings.data, settings.work, settings.weights, networks)
    if settings.time:
        speed.write(settings.weights, networks)


def _people(settings: Settings, networks: Networks) -> None:
    wanted = {spec.key: settings.tasks_of(spec, TASKS) for spec in networks.specs}
    if not any(wanted.values()):
        return
    tasks = {task for names in wanted.values() for task in names}
    everyone = crowd.gather(settings.data, settings.work, networks, tasks, threads=settings.threads)
    for spec in networks.specs:
        if wanted[spec.key]:
            _say(spec, wanted[spec.key])
            write(settings.weights, spec, everyone.report(networks.get(spec.name, spec.version), wanted[spec.key]))


def _say(spec: NetworkSpec, tasks: list[str]) -> None:
    print(f"{spec.key}: {', '.join(tasks)}", flush=True)


def _settings() -> Settings:
    parser = argparse.ArgumentParser(prog="python -m ml.training.evaluate", description="Measure the networks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--only", nargs="*", default=(), choices=(*FACE_TASKS, *OTHERS), metavar="TASK")
    parser.add_argument("--network", nargs="*", default=(), help="only networks of these names")
    parser.add_argument("--time", action="store_true", help="measure milliseconds too; the machine must be idle")
    parser.add_argument("--threads", type=int, default=1, help="faces that are asked about at once")
    values = vars(parser.parse_args())
    return Settings(**values | {name: tuple(values[name]) for name in ("only", "network")})


if __name__ == "__main__":
    main()

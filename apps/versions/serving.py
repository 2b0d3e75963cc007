"""Bring an engine in step with the database: what an administrator added becomes known, what was activated answers.

Every process that has an engine does this for itself: server processes by their watcher.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from apps.versions.description import folder_of, network_spec
from apps.versions.models import Activation, ModelVersion, Origin, State
from ml.active import SWITCHABLE
from ml.engine import Engine
from ml.errors import FaceError

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 10.0  # a network that could not be loaded is tried again after so long


@dataclass(frozen=True)
class Standing:
    """What a process is asked to serve for a task and what it serves; `error` says why if these differ."""

    wanted: str
    serving: str
    error: str = ""


class Follower:
    """Keeps one engine in step. Not safe for several threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._failed: dict[tuple[str, str], tuple[float, Standing]] = {}

    def step(self) -> Mapping[str, Standing]:
        """The standing of each task after making up for what has changed. Two small queries when nothing has.

        What cannot be loaded is not activated: the version that answered before goes on, and the standing says why.
        """
        added = _added()
        problems = self._learn(added)
        rows = Activation.objects.filter(task__in=SWITCHABLE).values_list(
            "task", "version__network", "version__version"
        )
        standings = {
            task: self._follow(task, f"{network} {version}", problems.get(f"{network} {version}", ""))
            for task, network, version in rows
        }
        self._forget(added)
        return standings

    def _learn(self, added: Mapping[str, str]) -> dict[str, str]:
        """Tell the engine of added versions that it does not know; why it could not be told, by key."""
        problems = {}
        for key in added.keys() - {spec.key for spec in self._engine.specs}:
            network, _, version = key.partition(" ")
            row = ModelVersion.objects.filter(network=network, version=version).first()
            try:
                if row is not None:
                    self._engine.add(network_spec(row), folder_of(row))
            except (FaceError, KeyError, TypeError, ValueError) as error:
                problems[key] = str(error)
        return problems

    def _forget(self, added: Mapping[str, str]) -> None:
        """Versions that were deleted, replaced or are being checked again can no longer be pinned."""
        in_use = {spec.key for spec in self._engine.active.values()}
        for spec in self._engine.added:
            if added.get(spec.key) != spec.sha256 and spec.key not in in_use:
                self._engine.remove(spec.key)

    def _follow(self, task: str, key: str, problem: str) -> Standing:
        serving = self._engine.active[task].key
        if serving == key:
            return Standing(key, key)
        until, standing = self._failed.get((task, key), (0.0, None))
        if standing is not None and time.monotonic() < until:
            return standing
        try:
            self._engine.activate(task, key)
        except FaceError as error:
            reason = problem or error.message
            logger.error("%s goes on answering %s; %s cannot: %s", serving, task, key, reason)  # noqa: TRY400 (no traceback)
            standing = Standing(key, serving, reason)
            self._failed = {(task, key): (time.monotonic() + RETRY_SECONDS, standing)} | {
                other: value for other, value in self._failed.items() if other[0] != task
            }
            return standing
        self._failed.pop((task, key), None)
        logger.info("%s answers %s, after %s", key, task, serving)
        return Standing(key, key)


def _added() -> dict[str, str]:
    """sha256 of each added version that may answer, by key."""
    rows = ModelVersion.objects.filter(origin=Origin.ADDED, state=State.AVAILABLE)
    return {f"{name} {version}": sha256 for name, version, sha256 in rows.values_list("network", "version", "sha256")}

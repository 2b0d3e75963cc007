"""Which network answers each task now. A request takes one snapshot when it starts, so a switch never reaches into it.

A network is held by the tasks it answers, by the few that were pinned last, and by requests that run; when the last of them lets go,
its memory is given back. Detection is not switched here: the detector is an option of the request.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ml import generation, memory
from ml.errors import InvalidRequest, NotReady
from ml.manifest import NetworkSpec
from ml.runtime import Network, Networks, warm_up
from ml.tasks import FACE_TASKS

DETECT: Final = "detect"
VERIFY: Final = "verify"
SYNTHESIS: Final = "synthesis"
SWITCHABLE: Final = (*FACE_TASKS, VERIFY, SYNTHESIS)
"""Tasks whose network can be chosen."""
MAX_PINNED: Final = 3  # networks kept for clients that name a version; the least recently used go first
_OTHER_OUTPUTS: Final = {VERIFY: ("embedding",), SYNTHESIS: ("image",)}

Snapshot = Mapping[str, Network]
"""Network by task; never changes once it is made."""


def outputs_of(task: str) -> tuple[str, ...]:
    """The outputs that a network must have to answer a task of SWITCHABLE."""
    return FACE_TASKS[task].output_names if task in FACE_TASKS else _OTHER_OUTPUTS[task]


def can_answer(spec: NetworkSpec, task: str) -> bool:
    """Whether the network gives what the task reads."""
    return task in SWITCHABLE and set(outputs_of(task)) <= set(spec.outputs)


class Active:
    """The active networks and the pinned ones. Safe to use from many threads."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._lock = threading.Lock()
        self._pinned: OrderedDict[str, Network] = OrderedDict()
        self._leaving: list[weakref.ref[Network]] = []
        self._snapshot: Snapshot = MappingProxyType(
            {task: networks.get(*key.split(" ")) for task, key in networks.manifest.active.items()}
        )
        for task in SWITCHABLE:
            self._check(task)

    @property
    def snapshot(self) -> Snapshot:
        """The networks that answer now."""
        return self._snapshot

    def chosen(self, tasks: Iterable[str], versions: Mapping[str, str]) -> Snapshot:
        """The network for each task: the one named in `versions` ("network version", or the version if that is enough), else the active.

        Raises InvalidRequest when a version is unknown, cannot answer its task, or is named for a task that is not asked.
        """
        snapshot = self._snapshot
        wanted = {task: snapshot[task] for task in tasks if task != DETECT}
        for task, name in versions.items():
            if task not in wanted:
                raise InvalidRequest(
                    f"A version is given for {task}, which is not asked or has none to choose.",
                    {"task": task, "asked": list(wanted)},
                )
            wanted[task] = self._pin(self.find(task, name).key, snapshot)
        return MappingProxyType(wanted)

    def find(self, task: str, name: str) -> NetworkSpec:
        """The version of that name ("network version", or a version that only one network of the task has). Raises InvalidRequest."""
        able = [spec for spec in self._networks.specs if can_answer(spec, task)]
        found = [spec for spec in able if name in {spec.key, spec.version}]
        if len(found) == 1:
            return found[0]
        known = sorted(spec.key for spec in found or able)
        why = "is the version of several networks" if found else "is not a version that can answer"
        raise InvalidRequest(
            f"{name[:100]!r} {why} {task}; there are {', '.join(known)}.", {"task": task, "known": known}
        )

    def activate(self, task: str, key: str) -> None:
        """Load and warm the network, then let it answer every request that starts from now on.

        Raises InvalidRequest as `find` does, NotReady when the network cannot be loaded; the old one then goes on.
        """
        if task not in SWITCHABLE:
            raise InvalidRequest(f"The network of {task} cannot be switched.", {"task": task})
        network = _loaded(self._networks, self.find(task, key))
        with self._lock:
            old = self._snapshot.get(task)
            self._snapshot = MappingProxyType({**self._snapshot, task: network})
            if old is not None and old is not network:
                self._leaving.append(weakref.ref(old))

    def add(self, spec: NetworkSpec, folder: Path) -> None:
        """Make a network of another folder known; adding it again does nothing. Raises InvalidRequest when its name is taken."""
        self._networks.add(spec, folder)

    def remove(self, key: str) -> None:
        """Forget a network that was added. Raises InvalidRequest while it answers a task, or when it is not an added one."""
        with self._lock:
            tasks = [task for task, network in self._snapshot.items() if network.spec.key == key]
            if tasks:
                raise InvalidRequest(f"{key} answers {', '.join(tasks)}.", {"tasks": tasks})
            self._networks.remove(key)
            self._pinned.pop(key, None)

    def give_back(self) -> bool:
        """Return the memory of networks that were let go to the system; False while a request still holds one of them."""
        with self._lock:
            waiting = [network for network in self._leaving if network() is not None and not self._held(network())]
            done = len(self._leaving) > len(waiting)
            self._leaving = waiting
        if done:
            memory.trim()
        return not waiting

    def _held(self, network: Network | None) -> bool:
        return any(network is held for held in (*self._snapshot.values(), *self._pinned.values()))

    def _pin(self, key: str, snapshot: Snapshot) -> Network:
        active = next((network for network in snapshot.values() if network.spec.key == key), None)
        if active is not None:
            return active
        network = self._networks.get(*key.split(" "))
        with self._lock:
            if key not in {spec.key for spec in self._networks.specs}:  # it was removed meanwhile
                return network
            self._pinned[key] = network
            self._pinned.move_to_end(key)
            while len(self._pinned) > MAX_PINNED:
                self._leaving.append(weakref.ref(self._pinned.popitem(last=False)[1]))
        return network

    def _check(self, task: str) -> None:
        if task not in self._snapshot:
            raise NotReady(f"The manifest names no active network for {task}.")
        spec = self._snapshot[task].spec
        if not can_answer(spec, task):
            raise NotReady(f"{spec.key} cannot answer {task}: it has no output {', '.join(outputs_of(task))}.")


def _loaded(networks: Networks, spec: NetworkSpec) -> Network:
    """The network after one run, so that the first request does not wait for its memory."""
    try:
        network = networks.get(spec.name, spec.version)
        warm_up(network)
        if "image" in spec.outputs:
            generation.generate(network, generation.latents(1, 0, 1.0))
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        raise NotReady(f"{spec.key} cannot be loaded: {error}") from error
    return network

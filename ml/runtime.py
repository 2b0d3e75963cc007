"""Loaded networks. An interpreter is not thread-safe, so each runs for one caller at a time and idle ones wait in a pool."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol
from weakref import WeakValueDictionary

import numpy as np

from ml.cores import helpers, keep_apart
from ml.eightbit import in_precision
from ml.errors import InvalidRequest, NotReady
from ml.labels import orders
from ml.manifest import Manifest, NetworkSpec, load, verified
from ml.types import F32
from ml.workers import Workers

Runtime = Literal["litert", "keras"]
MAX_SHAPES = 12  # input shapes per network whose interpreters are kept; the least recently used go first
MAX_NUMBERS = (
    3_000_000  # in the inputs of these shapes together: an interpreter's memory is about ten times its input's
)
Shape = tuple[int, ...]


class Network(Protocol):
    """A loaded network; `run` may be called from any thread. seconds: the least that a run on one core has taken; 0 before the first."""

    spec: NetworkSpec
    seconds: float

    def run(self, batch: F32, threads: int = 1) -> dict[str, F32]:
        """(n, height, width, channels) or (n, length) prepared as the spec says -> output arrays by name.

        threads: how many cores it may use; the answer is the same.
        """
        ...


class _Interpreter:
    """A LiteRT interpreter for one input shape and number of threads.

    Where its tensors are is asked once, since asking takes as long as a small network.
    """

    def __init__(self, content: bytes, spec: NetworkSpec, shape: Shape, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  0.1 s that `manage.py` need not pay

        self._interpreter = Interpreter(model_content=content, num_threads=threads)
        detail = self._interpreter.get_input_details()[0]
        self._input = detail["index"]
        if tuple(detail["shape"]) != shape:
            if spec.input.size is not None:
                raise ValueError(f"{spec.key} takes {tuple(detail['shape'])}, got {shape}")
            self._interpreter.resize_tensor_input(self._input, shape)
        with helpers() as self._helpers:
            self._interpreter.allocate_tensors()
        details = self._interpreter.get_output_details()
        self._outputs = {name: detail["index"] for name, detail in zip(spec.outputs, details, strict=True)}

    def run(self, batch: F32) -> dict[str, F32]:
        """Outputs by name, copied."""
        self._interpreter.set_tensor(self._input, batch)
        keep_apart(self._helpers)
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(index) for name, index in self._outputs.items()}


def content_of(spec: NetworkSpec, weights_dir: Path) -> bytes:
    """The LiteRT file that runs, in the network's precision. Raises NotReady when the file is missing or damaged."""
    return in_precision(verified(weights_dir / spec.file, spec.sha256), spec.precision)


class LiteRtNetwork:
    """A LiteRT file; at most `threads` interpreters run at once. Idle ones wait by input shape and by the cores that they use."""

    def __init__(self, spec: NetworkSpec, weights_dir: Path, threads: int) -> None:
        self.spec = spec
        # The bytes that were verified, shared by all interpreters: a file that changes later changes nothing here.
        self._content = content_of(spec, weights_dir)
        self._idle: OrderedDict[tuple[Shape, int], list[_Interpreter]] = OrderedDict()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(threads)
        self._orders = orders(spec)
        self.seconds = 0.0

    def run(self, batch: F32, threads: int = 1) -> dict[str, F32]:
        """See Network.run; ValueError when the shape does not fit the network."""
        key = batch.shape, threads
        with self._slots:
            interpreter = self._take(*key)
            start = time.perf_counter()
            outputs = interpreter.run(batch)
            if threads == 1:
                self.seconds = min(self.seconds or math.inf, time.perf_counter() - start)
            self._give(key, interpreter)
        return {**outputs, **{name: outputs[name][:, order] for name, order in self._orders.items()}}

    def _take(self, shape: Shape, threads: int) -> _Interpreter:
        with self._lock:
            idle = self._idle.setdefault((shape, threads), [])
            self._idle.move_to_end((shape, threads))
            while len(self._idle) > MAX_SHAPES or (len(self._idle) > 1 and self._kept() > MAX_NUMBERS):
                self._idle.popitem(last=False)
            if idle:
                return idle.pop()
        return _Interpreter(self._content, self.spec, shape, threads)

    def _kept(self) -> int:
        return sum(math.prod(shape) for shape, _ in self._idle)

    def _give(self, key: tuple[Shape, int], interpreter: _Interpreter) -> None:
        with self._lock:
            if key in self._idle:
                self._idle[key].append(interpreter)


class Networks:
    """The networks of a weights directory and those added from elsewhere, each loaded when first asked for.

    A network lives as long as somebody holds it: nothing is kept here.
    """

    def __init__(self, weights_dir: Path, *, runtime: Runtime = "litert", threads: int = 2) -> None:
        self.manifest: Manifest = load(weights_dir / "manifest.toml")
        self._weights_dir = weights_dir
        self._threads = threads
        self.workers = Workers(threads)
        self._make = _maker(runtime)
        self._added: Mapping[str, tuple[NetworkSpec, Path]] = {}
        self._loaded: WeakValueDictionary[str, Network] = WeakValueDictionary()
        self._lock = threading.Lock()

    @property
    def specs(self) -> Sequence[NetworkSpec]:
        """Every network that is known, loaded or not."""
        return [*self.manifest.networks.values(), *self.added]

    @property
    def added(self) -> Sequence[NetworkSpec]:
        """Those that the manifest does not list."""
        return [spec for spec, _ in self._added.values()]

    def add(self, spec: NetworkSpec, folder: Path) -> None:
        """Make a network known whose file lies in another folder. Raises InvalidRequest when another network has its name and version."""
        with self._lock:
            known = self.manifest.networks.get(spec.key) or self._added.get(spec.key, (None,))[0]
            if known is not None and known.sha256 != spec.sha256:
                raise InvalidRequest(f"There is another network {spec.key} already.", {"network": spec.key})
            if known is None:
                self._added = {**self._added, spec.key: (spec, folder)}

    def remove(self, key: str) -> None:
        """Forget an added network; those who hold it may go on. Raises InvalidRequest when it was not added."""
        with self._lock:
            if key not in self._added:
                raise InvalidRequest(f"{key} is not a network that was added.", {"network": key})
            self._added = {other: value for other, value in self._added.items() if other != key}
            self._loaded.pop(key, None)

    def get(self, name: str, version: str | None = None) -> Network:
        """The loaded network. Raises NotReady when it is unknown, missing or damaged.

        A network that is loaded already is found without waiting for one that is being loaded.
        """
        spec, folder = self._added.get(f"{name} {version}") or (self.manifest.find(name, version), self._weights_dir)
        network = self._loaded.get(spec.key)
        if network is not None:
            return network
        with self._lock:
            network = self._loaded.get(spec.key)
            if network is None:
                network = self._loaded[spec.key] = self._make(spec, folder, self._threads)
            return network


def _maker(runtime: Runtime) -> Callable[[NetworkSpec, Path, int], Network]:
    if runtime == "litert":
        return LiteRtNetwork
    if runtime != "keras":
        raise NotReady(f"There is no runtime {runtime!r}; it is litert or keras.")
    try:
        from ml.runtime_keras import KerasNetwork  # noqa: PLC0415  TensorFlow loads only for the reference runtime
    except ImportError as error:
        raise NotReady("The keras runtime needs TensorFlow: pip install -r requirements-train.txt") from error
    return KerasNetwork


def warm_up(network: Network) -> None:
    """Run a network of fixed input once, so that the first request does not pay for its memory."""
    spec = network.spec.input
    if spec.size is not None:
        channels = 1 if spec.colour == "gray" else 3
        network.run(np.zeros((1, *spec.size, channels), np.float32))

"""The reference runtime: the same weights in the Keras graph they were exported from. Slow; for checking, not for serving."""

import importlib
import threading
from pathlib import Path

import keras
import numpy as np

from ml import keras_weights
from ml.errors import NotReady
from ml.manifest import NetworkSpec, verified
from ml.types import F32


def load_model(spec: NetworkSpec, weights_dir: Path) -> keras.Model:
    """The network's Keras graph with its weights. Raises NotReady when it has none, or its files are missing or damaged."""
    if not spec.keras:
        raise NotReady(f"{spec.key} has no Keras weights.")
    model = importlib.import_module(f"ml.nets.{spec.arch}").build(**spec.arch_args)
    npz, litert = verified(weights_dir / spec.keras, spec.keras_sha256), verified(weights_dir / spec.file, spec.sha256)
    model.set_weights(keras_weights.read(npz, litert, (weight.shape for weight in model.weights)))
    return model


class KerasNetwork:
    """A Keras graph of ml.nets with the weights of its files."""

    def __init__(self, spec: NetworkSpec, weights_dir: Path, threads: int) -> None:  # noqa: ARG002  one contract for all runtimes
        self.spec = spec
        self.seconds = 0.0  # its networks run one after the other, in any order
        self._model = load_model(spec, weights_dir)
        self._lock = threading.Lock()

    def run(self, batch: F32, threads: int = 1) -> dict[str, F32]:  # noqa: ARG002  TensorFlow has its own
        """See Network.run."""
        with self._lock:
            outputs = self._model(batch, training=False)
        return {name: np.asarray(keras.ops.convert_to_numpy(outputs[name]), np.float32) for name in self.spec.outputs}

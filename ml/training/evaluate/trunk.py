"""The features of the face network's trunk, which its LiteRT file does not give: from the Keras graph with the same weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import keras
import numpy as np

from ml.manifest import NetworkSpec
from ml.runtime_keras import load_model
from ml.types import F32

_BATCH: Final = 50


class Trunk:
    """The trunk of one network of ml.nets.face."""

    def __init__(self, spec: NetworkSpec, weights: Path) -> None:
        if spec.arch != "face":
            raise ValueError(f"{spec.key} is not a network of ml.nets.face")
        model = load_model(spec, weights)
        self._model = keras.Model(model.input, model.get_layer("features").output)

    def features(self, crops: Sequence[F32]) -> F32:
        """Crops (1, side, side, 3) as the network wants them -> (n, 1024)."""
        parts = [np.concatenate(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        return np.concatenate([self._model.predict_on_batch(part) for part in parts])

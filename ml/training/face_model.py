"""The face network while it is trained: logits instead of probabilities, and a second expression head for the FER+ votes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.nets import face
from ml.nets.mobilenet import MEAN_BGR, build_trunk, import_trunk
from ml.types import F32

LOGITS: Final = {**face.HEADS, "votes": face.HEADS["emotion"]}
DROPOUT: Final = 0.3
Affine = tuple[F32, F32]
"""A head's kernel (1024, k) and bias (k,)."""


def build(package_dir: Path | None, side: int | None = None) -> keras.Model:
    """Trunk with the public weights (fresh ones when None) and zero heads; outputs logits by LOGITS."""
    trunk = build_trunk(side) if package_dir is None else import_trunk(package_dir, side)
    dropped = keras.layers.Dropout(DROPOUT, name="dropout")(trunk.output)
    outputs = {
        task: keras.layers.Dense(units, kernel_initializer="zeros", name=task)(dropped)
        for task, units in LOGITS.items()
    }
    return keras.Model(trunk.input, outputs, name="face_training")


def freeze(model: keras.Model, blocks: int) -> None:
    """Leave conv1 and the first `blocks` blocks as they are in training."""
    names = {"conv1"} | {f"conv_{part}_{block}" for part in ("dw", "pw") for block in range(1, blocks + 1)}
    for layer in model.layers:
        layer.trainable = layer.name not in names


def network_input(crops_u8: Any) -> Any:
    """(n, h, w, 3) RGB as a tensor -> float32 BGR minus the mean."""
    return tf.cast(crops_u8[..., ::-1], tf.float32) - tf.constant(MEAN_BGR)


def heads(model: keras.Model) -> dict[str, Affine]:
    """The heads' kernels and biases."""
    pairs = {task: model.get_layer(task).get_weights() for task in LOGITS}
    return {task: (np.array(kernel), np.array(bias)) for task, (kernel, bias) in pairs.items()}


def set_heads(model: keras.Model, values: Mapping[str, Affine]) -> None:
    """Put kernels and biases into the heads that have these names."""
    for task, weights in values.items():
        model.get_layer(task).set_weights(list(weights))


def served(model: keras.Model, final_heads: Mapping[str, Affine], public: keras.Model, side: int) -> keras.Model:
    """The network that is exported: the trained trunk with calibrated heads, and mini-Xception as `public` is."""
    network = face.build(side)
    network.get_layer(public.name).set_weights(public.get_weights())
    for head, weights in final_heads.items():
        if head in face.HEADS:
            network.get_layer(head).set_weights(list(weights))
    for layer in model.layers:
        if layer.name.startswith("conv") and layer.get_weights():
            network.get_layer(layer.name).set_weights(layer.get_weights())
    return network

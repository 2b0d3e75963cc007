"""The face network while it is trained: logits instead of probabilities, and without the networks beside its trunk."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.manifest import load
from ml.nets import bigxception, expression, face, tinyxception
from ml.nets.mobilenet import MEAN_BGR, build_trunk, import_trunk
from ml.training.export import load_weights
from ml.types import F32, RgbU8

DROPOUT: Final = 0.3
BESIDE: Final[Mapping[str, Any]] = {
    "expression": expression,
    "big-xception": bigxception,
    "tiny-xception": tinyxception,
}
"""Networks beside the trunk: name in the manifest -> module."""
TRUNK: Final = 1024
"""The trunk's features; a head may have rows for more."""
Affine = tuple[F32, F32]
"""A head's kernel (TRUNK or more, k) and bias (k,)."""


def build(package_dir: Path | None, side: int | None = None) -> keras.Model:
    """Trunk with the public weights (fresh ones when None) and zero heads; outputs logits by face.HEADS."""
    trunk = build_trunk(side) if package_dir is None else import_trunk(package_dir, side)
    dropped = keras.layers.Dropout(DROPOUT, name="dropout")(trunk.output)
    outputs = {
        task: keras.layers.Dense(units, kernel_initializer="zeros", name=task)(dropped)
        for task, units in face.HEADS.items()
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
    pairs = {task: model.get_layer(task).get_weights() for task in face.HEADS}
    return {task: (np.array(kernel), np.array(bias)) for task, (kernel, bias) in pairs.items()}


def set_heads(model: keras.Model, values: Mapping[str, Affine]) -> None:
    """Put kernels and biases into the heads that have these names."""
    for task, weights in values.items():
        model.get_layer(task).set_weights(list(weights))


def finished(weights: Path) -> tuple[keras.Model, ...]:
    """The networks beside the trunk with their weights, as they lie in the weights folder."""
    known, models = load(weights / "manifest.toml"), []
    for name, module in BESIDE.items():
        model = module.build()
        load_weights(model, weights / known.find(name).keras)
        models.append(model)
    return tuple(models)


def served(model: keras.Model, final_heads: Mapping[str, Affine], others: Sequence[keras.Model]) -> keras.Model:
    """The network that is exported: the trained trunk with these heads, and the networks beside it as they are.

    A head of fewer rows than the network's leaves out what it has no rows for.
    """
    network = face.build()
    for beside in others:
        network.get_layer(beside.name).set_weights(beside.get_weights())
    for head, (kernel, bias) in final_heads.items():
        layer = network.get_layer(head)
        missing = layer.kernel.shape[0] - len(kernel)
        layer.set_weights([np.pad(kernel, ((0, missing), (0, 0))), bias])
    for layer in model.layers:
        if layer.name.startswith("conv") and layer.get_weights():
            network.get_layer(layer.name).set_weights(layer.get_weights())
    return network


def seen(network: keras.Model, batches: Iterable[RgbU8], heads_: Iterable[str]) -> dict[str, F32]:
    """Crops of the served network -> head -> (n, d) what it sees: the trunk's features first."""
    inputs = {head: network.get_layer(head).input for head in heads_}
    # A head of the same input is asked once.
    first = {head: next(other for other in inputs if inputs[other] is inputs[head]) for head in inputs}
    found = _asked(keras.Model(network.input, {head: inputs[head] for head in set(first.values())}), batches)
    return {head: found[first[head]] for head in inputs}


def combined(head: str, values: Affine) -> Affine:
    """A head of (1024 or more, k) -> the same with rows for the other networks' logits, where the head has such."""
    kernel, bias = values
    if head == "gender":
        return np.insert(kernel, TRUNK, np.float32(face.TINY_WEIGHT), axis=0), bias
    if head in face.GRAY_WEIGHTS:
        own, public = face.GRAY_WEIGHTS[head]
        # Of our own network's two answers the one by the same labels.
        weights = [*(own * (other == head) for other in face.GRAY_WEIGHTS), public]
        beside_it = np.concatenate([weight * np.eye(len(bias)) for weight in weights])
        return np.insert((1 - own) * kernel, [TRUNK] * len(beside_it), beside_it, axis=0), (1 - own) * bias
    return values


def years(network: keras.Model, batches: Iterable[RgbU8]) -> F32:
    """Crops of the served network -> (n, 101) what it says of the age."""
    return _asked(keras.Model(network.input, {"age": network.output["age"]}), batches)["age"]


def _asked(part: keras.Model, batches: Iterable[RgbU8]) -> dict[str, F32]:
    run = tf.function(lambda crops_u8: part(network_input(crops_u8), training=False), reduce_retracing=True)
    answers = [run(tf.constant(crops)) for crops in batches]
    return {name: np.concatenate([answer[name].numpy() for answer in answers]) for name in part.output}

"""MTCNN's three networks and the importer of their public weights.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", 2016. The weights come from
PyPI mtcnn 1.0.0 (MIT), assets/weights. Three things differ in form, none in result: the scaling of the pixels, (x - 127.5) / 128,
lies in the first convolution, so the input is 0..255; the two logits of "face or not" are one difference; and all answers of a
network are one output.

    python -m ml.nets.importers --only mtcnn-pnet       (and mtcnn-rnet, mtcnn-onet) fetches and rebuilds them
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import keras
import numpy as np

from ml.types import F32

Stage = Literal["pnet", "rnet", "onet"]
MEAN: Final = 127.5
SCALE: Final = 1 / 128
_HEADS: Final[dict[str, int]] = {"pnet": 5, "rnet": 5, "onet": 15}


def build(stage: Stage) -> keras.Model:
    """Build one network with fresh weights. Input "input" RGB 0..255.

    pnet: (n, h, w, 3) -> "cells" (n, ceil((h - 2) / 2) - 4, likewise w, 5): logit and box offsets for windows of 12 pixels, 2 apart.
    rnet: (n, 24, 24, 3) -> "faces" (n, 5): logit, box offsets x1 y1 x2 y2 in parts of the box.
    onet: (n, 48, 48, 3) -> "faces" (n, 15): the same, then five x and five y in parts of the box.
    """
    if stage == "pnet":
        return _pnet()
    return _rnet() if stage == "rnet" else _onet()


def _conv(x: Any, index: int, filters: int, size: int = 3) -> Any:
    x = keras.layers.Conv2D(filters, size, name=f"conv{index}")(x)
    return keras.layers.PReLU(shared_axes=[1, 2], name=f"prelu{index}")(x)


def _pool(x: Any, size: int, padding: str) -> Any:
    return keras.layers.MaxPooling2D(size, 2, padding=padding)(x)


def _pnet() -> keras.Model:
    inputs = keras.Input((None, None, 3), name="input")
    x = _pool(_conv(inputs, 1, 10), 2, "same")
    x = _conv(_conv(x, 2, 16), 3, 32)
    outputs = keras.layers.Conv2D(_HEADS["pnet"], 1, name="heads")(x)
    return keras.Model(inputs, {"cells": outputs}, name="pnet")


def _rnet() -> keras.Model:
    inputs = keras.Input((24, 24, 3), name="input")
    x = _pool(_conv(inputs, 1, 28), 3, "same")
    x = _pool(_conv(x, 2, 48), 3, "valid")
    return _dense(inputs, _conv(x, 3, 64, 2), 128, "rnet")


def _onet() -> keras.Model:
    inputs = keras.Input((48, 48, 3), name="input")
    x = _pool(_conv(inputs, 1, 32), 3, "same")
    x = _pool(_conv(x, 2, 64), 3, "valid")
    x = _pool(_conv(x, 3, 64), 2, "same")
    return _dense(inputs, _conv(x, 4, 128, 2), 256, "onet")


def _dense(inputs: Any, x: Any, units: int, stage: Stage) -> keras.Model:
    x = keras.layers.Dense(units, name="dense")(keras.layers.Flatten()(x))
    x = keras.layers.PReLU(name="prelu_dense")(x)
    outputs = keras.layers.Dense(_HEADS[stage], name="heads")(x)
    return keras.Model(inputs, {"faces": outputs}, name=stage)


def import_package(stage: Stage, arrays: Sequence[F32]) -> keras.Model:
    """Build one network with the package's arrays, in the order of its layers."""
    weights = [np.array(array, np.float32) for array in arrays]
    # conv(k, (x - mean) * scale) = conv(k * scale, x) - mean * scale * sum(k): exact, since no convolution pads
    weights[1] = weights[1] - MEAN * SCALE * weights[0].sum((0, 1, 2))
    weights[0] = weights[0] * np.float32(SCALE)
    heads = 9 if stage == "pnet" else len(weights) - (4 if stage == "rnet" else 6)
    body, kernels, biases = weights[:heads], weights[heads::2], weights[heads + 1 :: 2]
    if stage != "pnet":
        body[-3] = _unpermuted(body[-3], body[-6].shape[-1])
    # The package orders the heads as offsets, (points,) two logits.
    kernel = np.concatenate([kernels[-1][..., 1:] - kernels[-1][..., :1], *kernels[:-1]], -1)
    bias = np.concatenate([biases[-1][1:] - biases[-1][:1], *biases[:-1]])
    model = build(stage)
    model.set_weights([*body, kernel, bias])
    return model


def _unpermuted(kernel: F32, channels: int) -> F32:
    """The package swaps height and width before it flattens; here the dense kernel's rows are swapped instead."""
    side = round((len(kernel) / channels) ** 0.5)
    rows: F32 = kernel.reshape(side, side, channels, -1).transpose(1, 0, 2, 3)
    return rows.reshape(kernel.shape)


def entry(stage: Stage) -> dict[str, Any]:
    """The manifest entry of one network, without hashes and metrics."""
    title = {"pnet": "proposes windows", "rnet": "refines the proposals", "onet": "decides and gives five points"}[
        stage
    ]
    return {
        "name": f"mtcnn-{stage}",
        "version": "1.0.0",
        "title": f"MTCNN {stage[0].upper()}-Net: {title}",
        "tasks": ["detect"] if stage == "pnet" else [],
        "file": f"mtcnn-{stage}-1.0.0.tflite",
        "keras": f"mtcnn-{stage}-1.0.0.npz",
        "arch": "mtcnn",
        "arch_args": {"stage": stage},
        "outputs": ["cells" if stage == "pnet" else "faces"],
        "licence": "MIT",
        "commercial": True,
        "source": f"PyPI mtcnn 1.0.0, assets/weights/{stage}.lz4",
        "training_data": "WIDER FACE and CelebA, as the paper says",
        "notes": "The scaling of pixels lies in the first convolution. The batch is open, and of P-Net also the size.",
        "input": {"align": "none", "colour": "rgb", "mean": [0.0], "scale": 1.0},
    }

"""The tiny face detector (Tiny YOLO v2 of separable convolutions), its importer and the decoding of its answers; measured, not served.

Redmon and Farhadi, "YOLO9000: Better, Faster, Stronger", 2017. The weights come from npm @vladmandic/face-api,
model/tiny_face_detector_model, where they are stored as bytes with a scale; `python -m ml.training.other_detectors` rebuilds it.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.nets import tfjs
from ml.types import F32

SIDE: Final = 416
MEAN_RGB: Final = (117.001, 114.697, 97.404)
ASSET: Final = "model/tiny_face_detector_model-weights_manifest.json"
ANCHORS: Final = np.array(
    [[1.603231, 2.094468], [6.041143, 7.080126], [2.882459, 3.518061], [4.266906, 5.178857], [9.041765, 10.66308]],
    np.float32,
)
"""Width and height in cells, as the package has them."""
_CHANNELS: Final = (32, 64, 128, 256, 512)
_SLOPE: Final = 0.1
_LAST: Final = "conv8"


def build(side: int = SIDE) -> keras.Model:
    """Build the network with fresh weights; `side` is a multiple of 32.

    Input "input" (n, side, side, 3), (RGB - MEAN_RGB) / 255; output "cells" (n, side / 32, side / 32, 25): of each of five anchors
    the place of the centre (x, y), the growth (width, height) and the logit, as `decode` reads them.
    """
    inputs = keras.Input((side, side, 3), name="input")
    x = keras.layers.Conv2D(16, 3, padding="valid", name="conv0")(inputs)
    for index, channels in enumerate(_CHANNELS, start=1):
        x = _halved(x)
        x = keras.layers.SeparableConv2D(channels, 3, padding="same", name=f"conv{index}")(x)
    x = _halved(x, strides=1)
    outputs = keras.layers.Conv2D(len(ANCHORS) * 5, 1, name=_LAST)(x)
    return keras.Model(inputs, {"cells": outputs}, name="tinyyolo")


def _halved(x: Any, strides: int = 2) -> Any:
    return keras.layers.MaxPooling2D(2, strides, padding="same")(keras.layers.LeakyReLU(negative_slope=_SLOPE)(x))


def import_weights(package_dir: Path, side: int = SIDE) -> keras.Model:
    """Build the network with the weights of the unpacked package."""
    weights = tfjs.read_manifest(package_dir / ASSET)
    model = build(side)
    for layer in model.layers:
        if layer.weights:
            separable = isinstance(layer, keras.layers.SeparableConv2D)
            kinds = ("depthwise_filter", "pointwise_filter", "bias") if separable else ("filters", "bias")
            layer.set_weights([weights[f"{layer.name}/{kind}"] for kind in kinds])
    return model


def decode(cells: F32) -> tuple[F32, F32]:
    """Cells (rows, columns, 25) -> boxes (n, 4) x1, y1, x2, y2 in 0..1 of the square, and their logits (n,)."""
    rows, columns = cells.shape[:2]
    answers = cells.reshape(rows, columns, len(ANCHORS), 5)
    place = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1)[:, :, None]
    centres = place + 1 / (1 + np.exp(-answers[..., :2]))
    half = np.exp(answers[..., 2:4]) * ANCHORS / 2
    boxes = np.concatenate([centres - half, centres + half], -1) / np.tile([columns, rows], 2)
    return boxes.reshape(-1, 4).astype(np.float32), answers[..., 4].reshape(-1)

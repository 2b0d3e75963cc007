"""Seven expressions from a small grey face: a plain network of our own beside mini-Xception; the mean of both answers.

Ours is after VGG (Simonyan and Zisserman 2015) as Barsoum et al. use it on FER+ ("Training Deep Networks for Facial Expression
Recognition with Crowd-Sourced Label Distribution", 2016), much narrower. The two were taught differently and err on different faces.
"""

from typing import Any, Final

import keras

from ml.nets import minixception

SIDE: Final = minixception.SIDE
MARGIN: Final = 1.0
"""Side of the crop in longer sides of the face's box."""
OWN_SIDE: Final = 48
WIDTHS: Final = (16, 32, 64, 128)
"""Channels of the four stages of our own part; each halves the map."""
LAST: Final = frozenset({"conv_1", "conv_2b", "conv_3b"})
"""Convolutions after which the map is halved."""


def build() -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, 64, 64, 1) float32, -1..1; output "emotion" (n, 7), probabilities in the order of ml.tasks.emotion.EMOTIONS.
    """
    inputs = keras.Input((SIDE, SIDE, 1), name="input")
    public = minixception.build()(inputs)["emotion"]
    own = keras.layers.Dense(7, activation="softmax", name="own")(_features(inputs))
    return keras.Model(inputs, {"emotion": keras.layers.Average(name="emotion")([public, own])}, name="expression")


def layers() -> list[tuple[str, int]]:
    """(name, channels) of the convolutions of our own part, in order."""
    first, *others = WIDTHS
    return [
        ("conv_1", first),
        *((f"conv_{k}{part}", width) for k, width in enumerate(others, start=2) for part in "ab"),
    ]


def _features(inputs: Any) -> Any:
    x = keras.layers.Resizing(OWN_SIDE, OWN_SIDE, name="reduced")(inputs)
    for name, channels in layers():
        x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
        if name in LAST:
            x = keras.layers.MaxPooling2D(name=f"half_{name}")(x)
    return keras.layers.GlobalAveragePooling2D(name="features")(x)

"""Seven expressions from a small grey face: a plain convolutional network of our own.

After VGG (Simonyan and Zisserman 2015) as Barsoum et al. use it on FER+ ("Training Deep Networks for Facial Expression
Recognition with Crowd-Sourced Label Distribution", 2016), much narrower.
"""

from typing import Final

import keras

SIDE: Final = 48
WIDTHS: Final = (24, 48, 96, 192)
"""Channels of the four stages; each halves the map."""


def build(input_size: int = SIDE) -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, input_size, input_size, 1) float32, -1..1; output "emotion" (n, 7), probabilities in the order of
    ml.tasks.emotion.EMOTIONS.
    """
    inputs = keras.Input((input_size, input_size, 1), name="input")
    x = inputs
    for name, channels in layers():
        x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
        if name in LAST:
            x = keras.layers.MaxPooling2D(name=f"half_{name}")(x)
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(
        inputs, {"emotion": keras.layers.Dense(7, activation="softmax", name="emotion")(x)}, name="expression"
    )


def layers() -> list[tuple[str, int]]:
    """(name, channels) of the convolutions in order."""
    first, *others = WIDTHS
    return [
        ("conv_1", first),
        *((f"conv_{k}{part}", width) for k, width in enumerate(others, start=2) for part in "ab"),
    ]


LAST: Final = frozenset({"conv_1", "conv_2b", "conv_3b"})
"""Convolutions after which the map is halved."""

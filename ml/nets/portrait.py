"""DCGAN generator: 100 random numbers to a portrait 64 wide and 76 high; made by ml.training.gan.

Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks", 2016, with narrow
layers. Batch normalisation is folded. Transposed convolutions double the map four times from 4x5, so 80 rows are drawn; two at the
top and two at the bottom are cut off.
"""

from typing import Any, Final

import keras

LENGTH: Final = 100
WIDTH: Final = 64
HEIGHT: Final = 76
START: Final = (5, 4)
"""Height and width of the first map."""
CHANNELS: Final = (160, 96, 64, 32, 3)
"""Of the first map, and of what each transposed convolution makes."""
CUT: Final = 2
"""Rows cut off at the top and at the bottom."""


def build() -> keras.Model:
    """Build the graph with fresh weights: "input" (n, 100), normally distributed -> {"image": (n, 76, 64, 3) RGB in -1..1}."""
    inputs = keras.Input((LENGTH,), name="input")
    x = start(inputs)
    for index, channels in enumerate(CHANNELS[1:], start=1):
        x = keras.layers.ReLU(name=f"relu_{index - 1}")(x)
        x = keras.layers.Conv2DTranspose(channels, 4, strides=2, padding="same", name=f"up_{index}")(x)
    return keras.Model(inputs, {"image": finish(x)}, name="portrait")


def start(inputs: Any) -> Any:
    """(n, 100) -> the first map, before its activation."""
    height, width = START
    x = keras.layers.Dense(height * width * CHANNELS[0], name="up_0")(inputs)
    return keras.layers.Reshape((height, width, CHANNELS[0]))(x)


def finish(x: Any) -> Any:
    """(n, 80, 64, 3) -> the image."""
    x = keras.layers.Cropping2D((CUT, 0), name="cut")(x)
    return keras.layers.Activation("tanh", name="image")(x)

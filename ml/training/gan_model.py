"""Generator and discriminator while they are trained, and the way from the first to the network that is served."""

from typing import Any, Final

import keras
import numpy as np

from ml.nets import portrait
from ml.types import F32

WIDTHS: Final = (24, 48, 96, 160)
"""Channels of the discriminator's four convolutions, each of which halves the map."""
SLOPE: Final = 0.2
DROPOUT: Final = 0.25
_EPSILON: Final = 1e-3
_MOMENTUM: Final = 0.9


def generator() -> keras.Model:
    """ml.nets.portrait with batch normalisation: (n, 100) -> (n, 76, 64, 3) in -1..1."""
    inputs = keras.Input((portrait.LENGTH,), name="input")
    x = portrait.start(inputs)
    last = len(portrait.CHANNELS) - 1
    for index, channels in enumerate(portrait.CHANNELS[1:], start=1):
        x = keras.layers.ReLU()(_normalised(x, f"norm_{index - 1}"))
        x = keras.layers.Conv2DTranspose(
            channels,
            4,
            strides=2,
            padding="same",
            use_bias=index == last,
            kernel_initializer=_normal(),
            name=f"up_{index}",
        )(x)
    return keras.Model(inputs, portrait.finish(x), name="generator")


def discriminator() -> keras.Model:
    """(n, 76, 64, 3) in -1..1 -> (n, 1) logits of being a photograph."""
    inputs = keras.Input((portrait.HEIGHT, portrait.WIDTH, 3), name="image")
    x = inputs
    for index, channels in enumerate(WIDTHS):
        x = keras.layers.Conv2D(
            channels,
            4,
            strides=2,
            padding="same",
            use_bias=index == 0,
            kernel_initializer=_normal(),
            name=f"down_{index}",
        )(x)
        if index:
            x = _normalised(x, f"norm_{index}")
        x = keras.layers.LeakyReLU(SLOPE)(x)
        if index >= len(WIDTHS) - 2:
            x = keras.layers.Dropout(DROPOUT)(x)
    return keras.Model(inputs, keras.layers.Dense(1, name="logit")(keras.layers.Flatten()(x)), name="discriminator")


def served(model: keras.Model) -> keras.Model:
    """The network that is exported: normalisations folded into the layers before them."""
    network = portrait.build()
    for index in range(len(portrait.CHANNELS)):
        kernel, *bias = (np.array(weight) for weight in model.get_layer(f"up_{index}").get_weights())
        if index == len(portrait.CHANNELS) - 1:
            network.get_layer(f"up_{index}").set_weights([kernel, *bias])
            continue
        scale, shift = _affine(model.get_layer(f"norm_{index}"))
        if index == 0:
            # Dense: its outputs are the first map, channels last.
            repeats = kernel.shape[1] // len(scale)
            kernel, shift = (
                kernel * np.tile(scale, repeats),
                np.tile(shift, repeats) + bias[0] * np.tile(scale, repeats),
            )
        else:
            kernel = kernel * scale[:, None]
        network.get_layer(f"up_{index}").set_weights([kernel, shift])
    return network


def settle(model: keras.Model, rng: np.random.Generator, batches: int = 8, size: int = 128) -> None:
    """Give the normalisations the mean statistics of fresh batches; those of averaged weights are unlike any seen in training."""
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for number in range(batches):
        for norm in norms:
            norm.momentum = number / (number + 1)
        model(rng.standard_normal((size, portrait.LENGTH), np.float32), training=True)


def _affine(norm: keras.layers.BatchNormalization) -> tuple[F32, F32]:
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + np.float32(_EPSILON))
    return scale, beta - mean * scale


def _normalised(x: Any, name: str) -> Any:
    return keras.layers.BatchNormalization(momentum=_MOMENTUM, epsilon=_EPSILON, name=name)(x)


def _normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)

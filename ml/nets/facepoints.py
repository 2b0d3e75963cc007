"""Face mesh, and from it and a second look at the face the 68 iBUG and the 76 MUCT points.

The mesh of ml.nets.facemesh says where the face is. The crop is sampled anew around it, upright and at one size, as a spatial transformer
does (Jaderberg et al., "Spatial Transformer Networks", 2015), and the trunk of ml.nets.landmark68 looks at that. Both networks' features
join in linear maps, relative to place and size of the mesh; errors of networks that were trained apart even out. Recipe:
ml.training.landmarks.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from ml.nets import facemesh, landmark68
from ml.types import F32, F64

SIDE: Final = facemesh.SIDE
TRUNK: Final = 288
FEATURES: Final = TRUNK + 1 + 256
CLOSE: Final = 1.1  # side of the second look, as a multiple of the mesh's larger extent


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
        left, top = (ops.clip(ops.floor(value), 0, SIDE - 2) for value in (x, y))
        right, low = ops.clip(x - left, 0, 1)[..., None], ops.clip(y - top, 0, 1)[..., None]
        count = ops.shape(crop)[0]
        index = ops.cast(top * SIDE + left, "int32") + SIDE * SIDE * ops.arange(count, dtype="int32")[:, None]
        pixels = ops.reshape(crop, (-1, 3))
        corners = [ops.take(pixels, index + step, axis=0) for step in (0, 1, SIDE, SIDE + 1)]
        upper = corners[0] * (1 - right) + corners[1] * right
        lower = corners[2] * (1 - right) + corners[3] * right
        return ops.reshape(upper * (1 - low) + lower * low, (-1, landmark68.SIDE, landmark68.SIDE, 3))

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
    inputs, mesh, features = _featured()
    centre, size = facemesh.middle_and_size(mesh)
    outputs = {}
    for name, count in facemesh.MAPS.items():
        points = keras.layers.Dense(count * 2, name=f"map_{name}")(features)
        outputs[name] = keras.layers.Reshape((count, 2))(points) * size + centre[:, :, :2]
    return keras.Model(inputs, {"mesh": mesh} | outputs, name="facepoints")


def build_features() -> keras.Model:
    """The part that is fitted to nothing here: crop -> {"mesh": (n, 468, 3), "features": (n, 545)}; see `features`."""
    inputs, mesh, features = _featured()
    return keras.Model(inputs, {"mesh": mesh, "features": features}, name="facefeatures")


def fill(model: keras.Model, human_dir: Path, face_api_dir: Path, template_xy: F32) -> None:
    """Set what the packages publish (unpacked npm @vladmandic/human and @vladmandic/face-api) and the template (468, 2)."""
    facemesh.fill_mesh(model, human_dir)
    landmark68.fill_features(model, face_api_dir)
    model.get_layer("around").set_weights([template_xy])


def template_around(shape_xy: F64) -> F32:
    """A mesh (468, 2) of any place and size -> where `Around` shall put it, in pixels of the new crop."""
    low, high = shape_xy.min(axis=0), shape_xy.max(axis=0)
    scale = landmark68.SIDE / (CLOSE * (high - low).max())
    return np.asarray((shape_xy - (low + high) / 2) * scale + (landmark68.SIDE - 1) / 2, np.float32)


def _featured() -> tuple[Any, Any, Any]:
    """Input, mesh, and features (n, 545): the mesh's trunk and 1, both over the mesh's size; those of the second look."""
    inputs = keras.Input((SIDE, SIDE, 3), name="input")
    mesh, trunk = facemesh.mesh_of(inputs)
    _, size = facemesh.middle_and_size(mesh)
    near = Around(name="around")(inputs, mesh)
    second = landmark68.features_of(near - np.array(landmark68.MEAN_RGB, np.float32) / 255)
    # The mesh is linear in its trunk, so trunk / size and 1 / size say all that the normalised mesh does, in a fifth of the numbers.
    size = size[:, :, 0]
    return inputs, mesh, keras.layers.Concatenate(name="features")([trunk / size, 1 / size, second])

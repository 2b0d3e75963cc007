"""Bilinear sampling of maps of features, as a spatial transformer does it (Jaderberg et al., "Spatial Transformer Networks", 2015)."""

from typing import Any

from keras import ops


def bilinear(features: Any, x: Any, y: Any) -> Any:
    """Features (n, side, side, c) at columns and rows x, y (n, k), in pixels -> (n, k, c). Beyond the border it repeats."""
    side, channels = features.shape[1], features.shape[-1]
    left, top = (ops.clip(ops.floor(value), 0, side - 2) for value in (x, y))
    right, low = ops.clip(x - left, 0, 1)[..., None], ops.clip(y - top, 0, 1)[..., None]
    first = side * side * ops.arange(ops.shape(features)[0], dtype="int32")[:, None]
    index = ops.cast(top * side + left, "int32") + first
    pixels = ops.reshape(features, (-1, channels))
    corners = [ops.take(pixels, index + step, axis=0) for step in (0, 1, side, side + 1)]
    upper = corners[0] * (1 - right) + corners[1] * right
    lower = corners[2] * (1 - right) + corners[3] * right
    return upper * (1 - low) + lower * low

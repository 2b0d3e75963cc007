"""Parts of a photograph that a network of bounded input sees."""

import numpy as np
import pytest

from ml.detectors.parts import LARGEST, SHARED, parts


@pytest.mark.parametrize(
    ("size", "scale", "count", "canvas"),
    [
        ((1, 1), 1.0, 1, (96, 96)),
        ((96, 97), 1.0, 1, (96, 128)),
        ((480, 640), 1.0, 1, (480, 640)),
        ((480, 640), 0.65, 1, (320, 416)),
        ((1, 40_000), 0.01, 1, (96, 416)),
        ((641, 641), 1.0, 5, (448, 448)),
        ((576, 768), 1.0, 1 + 2, (352, 448)),
        ((1500, 2000), 0.96, 1 + 4 * 3, (352, 448)),
        ((30, 20_000), 0.12, 1 + 5, (96, 448)),
    ],
)
def test_a_photograph_fits_inputs(size: tuple[int, int], scale: float, count: int, canvas: tuple[int, int]) -> None:
    whole, *tiles = parts(*size, scale)
    assert (whole.left, whole.top, whole.right, whole.bottom) == (0, 0, size[1], size[0])
    assert whole.canvas == canvas
    assert 1 + len(tiles) == count
    assert all(side % 32 == 0 and side <= LARGEST for part in (whole, *tiles) for side in part.canvas)


@pytest.mark.parametrize(("size", "scale"), [((700, 641), 1.0), ((1000, 3000), 0.75), ((3000, 4000), 0.6)])
def test_every_small_face_is_whole_in_a_tile(size: tuple[int, int], scale: float) -> None:
    rng = np.random.default_rng(0)
    side = (SHARED - 8) / scale
    corners = (rng.uniform(0, 1, (500, 2)) * (np.array(size[::-1]) - side)).astype(np.float32)
    boxes_xyxy = np.concatenate([corners, corners + np.float32(side)], 1)
    tiles = parts(*size, scale)[1:]
    inside = [
        tile.whole(boxes_xyxy, size)
        & (boxes_xyxy[:, :2] >= (tile.left, tile.top)).all(1)
        & (boxes_xyxy[:, 2:] <= (tile.right, tile.bottom)).all(1)
        for tile in tiles
    ]
    assert np.any(inside, axis=0).all()
    assert not all(tile.all() for tile in inside)

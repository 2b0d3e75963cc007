"""Photographs of which one thing grows: the faces on a fixed canvas, or the pixels of one scene. JPEG bytes, as clients send them."""

import io
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import PIL.Image

from bench.common import ROOT

Image = npt.NDArray[np.uint8]

CANVAS: Final = (1000, 1600)
"""Rows and columns of the photograph of many faces: 1.6 megapixels, 10 by 5 tiles."""
COLUMNS: Final = 10
TILE: Final = (200, 160)
FACE_HEIGHTS: Final = (88, 110, 99, 121, 94)
PORTRAITS: Final = {"astronaut": (181, 64, 265, 171), "grace_hopper": (178, 110, 351, 330)}
"""Portrait of static/samples to its face's box, x1 y1 x2 y2."""
QUALITY: Final = 90
GRAIN: Final = 5.0
CAMERA_QUALITY: Final = 95
"""Grain is noise over every scaled scene, its standard deviation in grey levels: without it a large one would be smooth, its JPEG small and
its decoding too easy. With both, a file has the size that cameras write: 8 MB of 24 megapixels."""


def faces(count: int) -> bytes:
    """A canvas with that many faces, 1 to 50, about 90 to 120 pixels high; the same places are filled first whatever the count."""
    rows, columns = CANVAS
    image = np.broadcast_to(np.linspace(150, 80, rows)[:, None, None], (rows, columns, 3)).astype(np.uint8)
    places = np.random.default_rng(1).permutation(rows // TILE[0] * COLUMNS)
    for place in places[:count].tolist():
        top, left = (place // COLUMNS) * TILE[0], (place % COLUMNS) * TILE[1]
        image[top : top + TILE[0], left : left + TILE[1]] = _tile(place)
    return jpeg(image)


def scaled(megapixels: float, *, whole_group: bool = False) -> bytes:
    """One scene in 4:3 at that many megapixels: a portrait whose face takes an eighth of the width.

    whole_group: twenty faces of a fortieth of the width instead, which a reduced photograph shows too small for most networks.
    """
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5 / 4) * 4
    size = (width, width * 3 // 4)
    scene = _group() if whole_group else _scene()
    method = cv2.INTER_AREA if width < scene.shape[1] else cv2.INTER_CUBIC
    image = cv2.resize(scene, size, interpolation=method)
    noise = np.random.default_rng(1).normal(0, GRAIN, image.shape[:2])[..., None]
    grainy = np.clip(image + noise.astype(np.float32), 0, 255)
    return jpeg(grainy.astype(np.uint8), CAMERA_QUALITY)


def jpeg(bgr_u8: Image, quality: int = QUALITY) -> bytes:
    """The bytes of the file."""
    return cv2.imencode(".jpg", bgr_u8, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a file."""
    with PIL.Image.open(io.BytesIO(data)) as image:
        return image.size


def _scene() -> Image:
    canvas = np.full((480, 640, 3), 90, np.uint8)
    canvas[:, 64:576] = _portrait("astronaut")[:480]
    return canvas


def _group() -> Image:
    """Five by four portraits on a canvas of 3200x2400."""
    canvas = np.full((2400, 3200, 3), 110, np.uint8)
    for place in range(20):
        top, left = (place // 5) * 600 + 200, (place % 5) * 640 + 240
        canvas[top : top + TILE[0], left : left + TILE[1]] = _tile(place)
    return canvas


def _tile(place: int) -> Image:
    """One person: portraits in turn, every second pair mirrored, in five sizes; the face in the middle."""
    name = list(PORTRAITS)[place % 2]
    x1, y1, x2, y2 = PORTRAITS[name]
    scale = FACE_HEIGHTS[place % len(FACE_HEIGHTS)] / (y2 - y1)
    portrait = _portrait(name)
    if scale < 0.7:  # bilinear sampling alone would alias
        portrait = np.asarray(cv2.GaussianBlur(portrait, (0, 0), 0.4 / scale), np.uint8)
    shift_x, shift_y = TILE[1] / 2 - scale * (x1 + x2) / 2, TILE[0] / 2 - scale * (y1 + y2) / 2
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    tile = cv2.warpAffine(portrait, matrix, TILE[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(tile[:, ::-1] if place % 4 > 1 else tile, np.uint8)


def _portrait(name: str) -> Image:
    bgr = cv2.imread(str(ROOT / "static" / "samples" / f"{name}.jpg"), cv2.IMREAD_COLOR)
    return np.asarray(bgr, np.uint8)

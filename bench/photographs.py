"""The photographs: two public-domain portraits (static/samples), scaled, and laid side by side for groups of faces.

Written once as PNG, so that every peer reads the same pixels; the folder of files is JPEG, since decoding counts there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from bench.common import ROOT

VERSION: Final = 1  # raise it when the pixels change, so that no old file is used
WIDTHS: Final = (320, 640, 1280, 4000)
GROUPS: Final = (1, 5, 20)
COLUMNS: Final = 5
TILE: Final = (240, 256)  # rows, columns: twenty of them make 1280x960
HEIGHTS: Final = (78, 104, 91, 117, 85)  # of the faces in a group; they are 60 to 92 pixels wide
ORDER: Final = (7, 0, 18, 13, 4)  # where the first five faces of a group lie
PORTRAITS: Final = {"astronaut": (181, 64, 265, 171), "grace_hopper": (178, 110, 351, 330)}
"""Portrait to its face's box, x1 y1 x2 y2."""

Image = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Photograph:
    """A file and the faces in it as boxes x1 y1 x2 y2."""

    name: str
    path: Path
    width: int
    height: int
    faces: tuple[Box, ...]

    def found(self, boxes: Sequence[Sequence[float]]) -> int:
        """How many faces have their middle in a box of their own."""
        left = [list(box) for box in boxes]
        count = 0
        for x1, y1, x2, y2 in self.faces:
            x, y = (x1 + x2) / 2, (y1 + y2) / 2
            over = next((box for box in left if box[0] <= x <= box[2] and box[1] <= y <= box[3]), None)
            if over is not None:
                left.remove(over)
                count += 1
        return count


def photographs(work: Path, *, widths: Sequence[int] = WIDTHS, groups: Sequence[int] = GROUPS) -> dict[str, Photograph]:
    """One face on photographs of these widths ("face-640") and groups of so many faces at 1280x960 ("group-20")."""
    folder = work / f"photographs-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    made = [*_scaled(widths), *_groups(groups)]
    for name, image, _ in made:
        _write(folder / f"{name}.png", image)
    return {
        name: Photograph(name, folder / f"{name}.png", image.shape[1], image.shape[0], faces)
        for name, image, faces in made
    }


def folder_of(work: Path, count: int) -> list[Path]:
    """That many JPEG files of 640x480 with one face each, no two alike."""
    folder = work / f"folder-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.is_file():
            _write(path, _one_of_many(number))
    return paths


def _scaled(widths: Sequence[int]) -> Iterator[tuple[str, Image, tuple[Box, ...]]]:
    """The astronaut on a canvas of 4:3."""
    canvas = np.full((480, 640, 3), 90, np.uint8)
    canvas[:, 64:576] = _portrait("astronaut")[:480]
    x1, y1, x2, y2 = PORTRAITS["astronaut"]
    for width in widths:
        scale = width / 640
        image = cv2.resize(canvas, (width, width * 3 // 4), interpolation=_filter(scale))
        box = ((x1 + 64) * scale, y1 * scale, (x2 + 64) * scale, y2 * scale)
        yield f"face-{width}", np.asarray(image, np.uint8), (box,)


def _groups(groups: Sequence[int]) -> Iterator[tuple[str, Image, tuple[Box, ...]]]:
    places = [*ORDER, *(place for place in range(20) if place not in ORDER)]
    for count in groups:
        image, faces = _background(), []
        for place in sorted(places[:count]):
            tile, (x1, y1, x2, y2) = _tile(place)
            top, left = (place // COLUMNS) * TILE[0], (place % COLUMNS) * TILE[1]
            image[top : top + TILE[0], left : left + TILE[1]] = tile
            faces.append((x1 + left, y1 + top, x2 + left, y2 + top))
        yield f"group-{count}", image, tuple(faces)


def _background() -> Image:
    """A wall that grows darker downwards: nothing in it looks like a face."""
    column = np.linspace(150, 80, 4 * TILE[0])[:, None, None]
    return np.broadcast_to(column, (4 * TILE[0], COLUMNS * TILE[1], 3)).astype(np.uint8)


def _tile(place: int) -> tuple[Image, Box]:
    """One person: portraits in turn, every second pair mirrored, in five sizes; the face in the middle."""
    name = list(PORTRAITS)[place % 2]
    return _cut(name, TILE, HEIGHTS[place % len(HEIGHTS)], mirrored=place % 4 > 1)


def _cut(name: str, size: tuple[int, int], height: float, *, mirrored: bool) -> tuple[Image, Box]:
    """A piece of a portrait, `size` rows and columns, scaled so that the face is so high and lies in the middle."""
    x1, y1, x2, y2 = PORTRAITS[name]
    scale = height / (y2 - y1)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    matrix = np.array([[scale, 0, size[1] / 2 - scale * x], [0, scale, size[0] / 2 - scale * y]])
    portrait = _portrait(name)
    if scale < 0.7:  # bilinear sampling alone would alias
        portrait = np.asarray(cv2.GaussianBlur(portrait, (0, 0), 0.4 / scale), np.uint8)
    tile = cv2.warpAffine(portrait, matrix, size[::-1], borderMode=cv2.BORDER_REPLICATE)
    half_width, half_height = scale * (x2 - x1) / 2, height / 2
    middle_x, middle_y = size[1] / 2, size[0] / 2
    box = (middle_x - half_width, middle_y - half_height, middle_x + half_width, middle_y + half_height)
    return np.asarray(tile[:, ::-1] if mirrored else tile, np.uint8), box


def _one_of_many(number: int) -> Image:
    """Portrait, size, side and brightness differ from file to file."""
    name = list(PORTRAITS)[number % 2]
    image, _ = _cut(name, (480, 640), 90 + number % 83, mirrored=number % 4 > 1)
    return np.asarray(np.clip(image * (0.75 + 0.5 * (number % 37) / 37), 0, 255), np.uint8)


def _portrait(name: str) -> Image:
    bgr = cv2.imread(str(ROOT / "static" / "samples" / f"{name}.jpg"), cv2.IMREAD_COLOR)
    return np.asarray(bgr, np.uint8)


def _filter(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC


def _write(path: Path, image: Any) -> None:
    if not path.is_file():
        cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 90] if path.suffix == ".jpg" else [])

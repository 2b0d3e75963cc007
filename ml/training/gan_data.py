"""The portraits that the generator learns from: CelebA's aligned faces, cut a little closer, at the generator's size."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.nets.portrait import HEIGHT, WIDTH
from ml.training.corpus import read_images, read_rows
from ml.types import RgbU8

Portraits = npt.NDArray[np.uint8]
"""(n, 76, 64, 3), RGB."""
SOURCE: Final = "celeba"
ROWS: Final = (32, 136)
COLUMNS: Final = (20, 108)
"""Of the set's 157 rows and 128 columns: hair to chin, less of what stands behind; still 1.37 pixels for one."""


def portrait_of(rgb_u8: RgbU8) -> RgbU8:
    """An aligned face of the set (157, 128, 3) -> (76, 64, 3). ValueError for another size."""
    if rgb_u8.shape != (157, 128, 3):
        raise ValueError(f"an aligned face has 157 rows and 128 columns, this image {rgb_u8.shape}")
    near = rgb_u8[slice(*ROWS), slice(*COLUMNS)]
    return np.asarray(cv2.resize(near, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def portraits(data_dir: Path, split: str, most: int | None = None) -> Portraits:
    """All portraits of a split ("train" or "val"), or the first `most`."""
    names = [row["file"] for row in read_rows(data_dir, SOURCE) if row["split"] == split][:most]
    result = np.empty((len(names), HEIGHT, WIDTH, 3), np.uint8)
    for place, image in enumerate(read_images(data_dir, SOURCE, names)):
        result[place] = portrait_of(image)
    return result

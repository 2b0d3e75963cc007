"""From the bytes of an upload to upright pixels. Limits are checked on the header, before any pixel is decoded.

A large JPEG is decoded at a half, a quarter or an eighth, which its format allows at a fraction of the cost, and whole only if a face is so
small that its crop needs more pixels; see ml.photo.
"""

import contextlib
import io
import time
import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

from ml import memory
from ml.errors import InvalidImage, TooLarge, UnsupportedMedia
from ml.photo import Photo, Reduction
from ml.types import RgbU8

pillow_heif.register_heif_opener(thumbnails=False)
Image.init()  # registers the decoders; `open` below admits only FORMATS
Image.MAX_IMAGE_PIXELS = None  # Limits below decides, and says so in words
warnings.filterwarnings("ignore", module=r"PIL\.")  # of odd but readable metadata

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "HEIF")
FORMAT_NAMES: Final = "JPEG, PNG, WebP, BMP, GIF or HEIC"
JPEGS: Final = ("JPEG", "MPO")
"""An MPO, as some telephones write it, is a JPEG that others follow."""
WIDE_MODES: Final = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
LYING: Final = (5, 6, 7, 8)
FLIPS: Final = {
    2: (True, False),
    3: (True, True),
    4: (False, True),
    6: (True, False),
    7: (True, True),
    8: (False, True),
}
"""EXIF orientations whose sides are exchanged; those in which the upright photograph's columns and rows run backwards in the file."""
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a photograph of that orientation upright."""
BAND: Final = 256  # rows that are converted at once: what is needed beside the photograph stays small
REDUCTIONS: Final = (8, 4, 2)
LEAST_REDUCED: Final = 1200
"""Pixels that the longer side of a reduced photograph has at least: the closest look at faces takes 960."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one upload may hold: bytes of the file, pixels of the picture."""

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000


def decode(data: bytes, limits: Limits | None = None) -> Photo:
    """Decode one photograph and turn it upright by its EXIF orientation; of an animation the first frame.

    Transparency is laid on white, 16 bits become 8, CMYK and grey become RGB. Raises TooLarge, UnsupportedMedia
    (not an image, or a format that is not read) or InvalidImage (damaged).
    """
    limits = limits or Limits()
    start = time.perf_counter()
    if not data:
        raise InvalidImage("The file is empty.")
    if len(data) > limits.max_bytes:
        raise TooLarge(
            f"The file has {len(data):,} bytes; at most {limits.max_bytes:,} are read.", {"max_bytes": limits.max_bytes}
        )
    image = _open(data)
    _check_size(image.size, limits)
    reduction = _reduction(image, data)
    if reduction:
        image.draft(None, (image.width // reduction.factor, image.height // reduction.factor))
    rgb_u8 = _pixels(image)
    return Photo(rgb_u8, (time.perf_counter() - start) * 1000, reduction)


def _reduction(image: Image.Image, data: bytes) -> Reduction | None:
    """How much smaller a large JPEG is decoded at first."""
    longer = max(image.size)
    factor = next((factor for factor in REDUCTIONS if longer >= factor * LEAST_REDUCED), None)
    if image.format not in JPEGS or factor is None or min(image.size) < LEAST_REDUCED // 10:
        return None
    orientation = _orientation(image)
    size = (image.width, image.height) if orientation in LYING else (image.height, image.width)
    # The last pixel of a side may reach beyond the photograph; in a turned or mirrored one that is the first.
    beyond_y, beyond_x = (-side % factor for side in size)
    flips_x, flips_y = FLIPS.get(orientation, (False, False))
    return Reduction(factor, (flips_x * beyond_x, flips_y * beyond_y), size, lambda: _pixels(_open(data)))


def _orientation(image: Image.Image) -> Any:
    """The EXIF orientation; odd metadata is the same as none."""
    with contextlib.suppress(Exception):
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    return 1


def _open(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnsupportedMedia(f"This is not a photograph in a format that is read here ({FORMAT_NAMES}).") from error
    except Exception as error:  # decoders raise whatever the bytes make them
        raise InvalidImage("The photograph's header is damaged.") from error
    memory.watch(image, 3 * image.width * image.height)
    return image


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise InvalidImage("The photograph has no pixels.")
    if width * height > limits.max_pixels:
        raise TooLarge(
            f"The photograph has {width} x {height} pixels; at most {limits.max_pixels / 1e6:g} megapixels are read.",
            {"width": width, "height": height, "max_pixels": limits.max_pixels},
        )


def _pixels(image: Image.Image) -> RgbU8:
    try:
        image.load()
        way = UPRIGHT.get(_orientation(image))
        upright = _as_rgb(image if way is None else image.transpose(way))
        rgb_u8: RgbU8 = np.ascontiguousarray(np.asarray(upright, np.uint8))
    except Exception as error:  # decoders raise whatever the bytes make them
        raise InvalidImage("The photograph is damaged or cut short.") from error
    memory.watch(rgb_u8, rgb_u8.nbytes)
    return rgb_u8


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode in WIDE_MODES:
        return _from_wide(image)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        return _on_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    result = Image.new("RGB", image.size, "white")
    for top in range(0, image.height, BAND):
        place = (0, top, image.width, min(top + BAND, image.height))
        rgba = image.crop(place).convert("RGBA")
        result.paste(rgba, place, rgba)
    return result


def _from_wide(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    # Only the modes of more than 16 bits may hold levels of 8.
    narrow = image.mode in {"I", "F"} and values.max(initial=0) <= 255
    factor = 1.0 if narrow else 255.0 / 65535.0
    gray = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), BAND):
        gray[top : top + BAND] = np.clip(values[top : top + BAND] * factor, 0, 255)
    return Image.fromarray(gray).convert("RGB")

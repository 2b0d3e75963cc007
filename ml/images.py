"""From the bytes of an upload to upright pixels. Limits are checked on the header, before any pixel is decoded."""

import io
import time
import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from ml.errors import InvalidImage, TooLarge, UnsupportedMedia
from ml.types import RgbU8

pillow_heif.register_heif_opener(thumbnails=False)
Image.init()  # registers the decoders; `open` below admits only FORMATS
Image.MAX_IMAGE_PIXELS = None  # Limits below decides, and says so in words

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "HEIF")
FORMAT_NAMES: Final = "JPEG, PNG, WebP, BMP, GIF or HEIC"
WIDE_MODES: Final = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one upload may hold: bytes of the file, pixels of the picture."""

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """An upright photograph: rgb_u8 (height, width, 3), the format of its file, and how long decoding took."""

    rgb_u8: RgbU8
    format: str = "RGB"
    decode_ms: float = 0.0

    def __post_init__(self) -> None:
        shape, dtype = self.rgb_u8.shape, self.rgb_u8.dtype
        if len(shape) != 3 or shape[2] != 3 or min(shape) < 1 or dtype != np.uint8:
            raise ValueError(f"rgb_u8 must be uint8 of shape (height, width, 3), got {dtype} of shape {shape}")

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.rgb_u8.shape[1])

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.rgb_u8.shape[0])


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd but readable metadata
        image = _open(data)
        _check_size(image.size, limits)
        rgb_u8 = _pixels(image)
    return Photo(rgb_u8, image.format or "", (time.perf_counter() - start) * 1000)


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnsupportedMedia(f"This is not a photograph in a format that is read here ({FORMAT_NAMES}).") from error
    except Exception as error:  # decoders raise whatever the bytes make them
        raise InvalidImage("The photograph's header is damaged.") from error


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
        upright = ImageOps.exif_transpose(image)
        return np.ascontiguousarray(np.asarray(_as_rgb(upright), np.uint8))
    except Exception as error:  # decoders raise whatever the bytes make them
        raise InvalidImage("The photograph is damaged or cut short.") from error


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode in WIDE_MODES:
        return _from_wide(image)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _from_wide(image: Image.Image) -> Image.Image:
    values = np.asarray(image, np.float64)
    top = 65535.0 if values.max(initial=0) > 255 else 255.0
    return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)).convert("RGB")

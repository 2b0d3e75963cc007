"""The photograph as a page shows it: made in memory, sent once, kept nowhere."""

import base64
import io
from typing import Any, Final

from PIL import Image

from ml.photo import Photo

LONG_SIDE: Final = 1280
QUALITY: Final = 82


def preview(photo: Photo) -> dict[str, Any]:
    """A JPEG data URI of at most 1280 pixels, and the width and height of the upright upload (the overlay's coordinates)."""
    uri = "data:image/jpeg;base64," + base64.b64encode(jpeg_of(photo, LONG_SIDE)).decode("ascii")
    return {"uri": uri, "width": photo.width, "height": photo.height}


def jpeg_of(photo: Photo, long_side: int) -> bytes:
    """The photograph, at most so many pixels wide and high; decoded no finer than that needs."""
    image = Image.fromarray(photo.view(max(photo.width, photo.height) / long_side).rgb_u8)
    image.thumbnail((long_side, long_side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()

"""The photograph as the page shows it beside its answer: made in memory, sent once, kept nowhere."""

import base64
import io
from typing import Any, Final

from PIL import Image

from ml.photo import Photo

LONG_SIDE: Final = 1280
QUALITY: Final = 82


def preview(photo: Photo) -> dict[str, Any]:
    """A JPEG data URI of at most 1280 pixels, and the width and height of the upright upload (the overlay's coordinates)."""
    image = Image.fromarray(photo.view(max(photo.width, photo.height) / LONG_SIDE).rgb_u8)
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    uri = "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    return {"uri": uri, "width": photo.width, "height": photo.height}

"""Decoding: what comes in, what must come out, what is refused and how."""

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.errors import FaceError, InvalidImage, TooLarge, UnsupportedMedia
from ml.images import Limits, decode

RED_LEFT = np.zeros((8, 16, 3), np.uint8)
RED_LEFT[:, :8, 0] = 255


def encoded(image: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def rgb(size: tuple[int, int] = (16, 8)) -> Image.Image:
    return Image.fromarray(RED_LEFT).resize(size)


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def animated() -> bytes:
    frames = [Image.new("RGB", (16, 8), colour) for colour in ("red", "blue")]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", InvalidImage),
        (b"hello", UnsupportedMedia),
        (b"%PDF-1.4", UnsupportedMedia),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedMedia),
        (encoded(rgb(), "TIFF"), UnsupportedMedia),
        (encoded(rgb())[:60], InvalidImage),
        (encoded(rgb((64, 64)), "JPEG")[:-40], InvalidImage),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, InvalidImage | UnsupportedMedia),
    ],
    ids=["empty", "text", "pdf", "svg", "tiff", "png cut", "jpeg cut", "png header only"],
)
def test_refused(data: bytes, error: Any) -> None:
    with pytest.raises(FaceError) as caught:
        decode(data)
    assert isinstance(caught.value, error)
    assert caught.value.message


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "HEIF"])
def test_formats(format_: str) -> None:
    photo = decode(encoded(rgb((64, 32)), format_))
    assert (photo.width, photo.height) == (64, 32)
    assert photo.rgb_u8[16, 8, 0] > 200
    assert photo.rgb_u8[16, 56, 0] < 60


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (64, 32), (16, 8)),
        (2, (64, 32), (16, 56)),
        (3, (64, 32), (16, 56)),
        (4, (64, 32), (16, 8)),
        (5, (32, 64), (8, 16)),
        (6, (32, 64), (8, 16)),
        (7, (32, 64), (56, 16)),
        (8, (32, 64), (56, 16)),
    ],
)
def test_exif_orientation(orientation: int, size: tuple[int, int], red_at: tuple[int, int]) -> None:
    photo = decode(encoded(rgb((64, 32)), "JPEG", exif=exif(orientation)))
    assert (photo.width, photo.height) == size
    y, x = red_at
    assert photo.rgb_u8[y, x, 0] > 200
    assert photo.rgb_u8[size[1] - 1 - y, size[0] - 1 - x, 0] < 60


ODD = {
    "ratio as text": (0x011A, 2, 4, b"abc\0"),
    "offsets as text": (0x0111, 2, 4, b"abc\0"),
    "date as a number": (0x0132, 11, 1, struct.pack("<f", 5.5)),
    "width below zero": (0x0100, 9, 1, struct.pack("<i", -7)),
}
"""Tags that no camera should write: number, type, count, value."""


@pytest.mark.parametrize("case", ODD)
def test_odd_metadata_keeps_no_photograph_from_being_turned(case: str) -> None:
    tags = sorted([ODD[case], (0x0112, 3, 1, b"\6\0\0\0")])
    entries = b"".join(struct.pack("<HHI4s", *tag) for tag in tags)
    block = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\0" * 4
    photo = decode(encoded(rgb((64, 32)), "JPEG", exif=block))
    assert (photo.width, photo.height) == (32, 64)


def test_sixteen_bits_are_scaled_alike_in_every_row() -> None:
    column = np.linspace(0, 65535, 1000).astype(np.uint16)
    photo = decode(encoded(Image.fromarray(np.repeat(column[:, None], 3, 1))))
    assert np.abs(photo.rgb_u8[:, 1, 0] - column / 257).max() <= 1


@pytest.mark.parametrize(("level", "expected"), [(0, 0), (200, 0), (300, 1), (65535, 255)])
def test_sixteen_bits_are_scaled_alike_in_every_file(level: int, expected: int) -> None:
    photo = decode(encoded(Image.fromarray(np.full((4, 4), level, np.uint16))))
    assert np.abs(photo.rgb_u8.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_lies_on_white_in_every_row(mode: str) -> None:
    alpha = np.linspace(0, 255, 600).astype(np.uint8)
    black = Image.fromarray(np.repeat(alpha[:, None], 5, 1))
    image = Image.merge(mode, [Image.new("L", (5, 600))] * (len(mode) - 1) + [black])
    photo = decode(encoded(image))
    assert np.abs(photo.rgb_u8[:, 2, 0].astype(int) - (255 - alpha)).max() <= 1


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (encoded(Image.new("L", (16, 8), 90)), (90, 90, 90)),
        (encoded(Image.new("1", (16, 8), 1)), (255, 255, 255)),
        (encoded(Image.new("RGBA", (16, 8), (255, 0, 0, 0))), (255, 255, 255)),
        (encoded(Image.new("RGBA", (16, 8), (255, 0, 0, 255))), (255, 0, 0)),
        (encoded(Image.new("LA", (16, 8), (0, 0))), (255, 255, 255)),
        (encoded(Image.new("P", (16, 8)), transparency=0), (255, 255, 255)),
        (encoded(Image.fromarray(np.full((8, 16), 32896, np.uint16))), (128, 128, 128)),
        (encoded(Image.new("CMYK", (16, 8), (0, 255, 255, 0)), "JPEG", quality=100), (254, 0, 0)),
        (animated(), (255, 0, 0)),
    ],
    ids=["grey", "bilevel", "clear", "opaque", "clear grey", "clear palette", "16-bit", "cmyk", "first frame"],
)
def test_becomes_rgb(data: bytes, colour: tuple[int, int, int]) -> None:
    photo = decode(data)
    assert photo.rgb_u8.shape == (8, 16, 3)
    assert photo.rgb_u8.dtype == np.uint8
    assert np.abs(photo.rgb_u8[4, 8].astype(int) - colour).max() <= 3


def bomb() -> bytes:
    """A small file that claims and holds 100 megapixels."""
    return encoded(Image.new("1", (10_000, 10_000)))


@pytest.mark.parametrize(
    ("make", "limits"),
    [
        (bomb, Limits()),
        (lambda: encoded(rgb((64, 64))), Limits(max_pixels=4095)),
        (lambda: encoded(rgb((64, 64)), "BMP"), Limits(max_bytes=1000)),
    ],
    ids=["bomb", "pixels", "bytes"],
)
def test_limits(make: Callable[[], bytes], limits: Limits) -> None:
    with pytest.raises(TooLarge) as caught:
        decode(make(), limits)
    assert caught.value.details


def test_at_the_limit_is_read() -> None:
    assert decode(encoded(rgb((64, 64))), Limits(max_pixels=4096)).width == 64

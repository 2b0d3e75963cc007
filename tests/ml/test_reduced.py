"""Large JPEGs are decoded at a part of their size, and whole only for faces that need it; the answers stay those of the photograph."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from ml.engine import PHOTO_TASKS, Engine
from ml.errors import InvalidImage
from ml.finding import DetectOptions
from ml.images import decode
from ml.photo import Photo
from ml.types import RgbU8

ORIENTATION = 0x0112


def jpeg(rgb_u8: RgbU8, orientation: int = 1, **options: Any) -> bytes:
    tags, stream = Image.Exif(), io.BytesIO()
    tags[ORIENTATION] = orientation
    Image.fromarray(rgb_u8).save(stream, "JPEG", quality=92, exif=tags, **options)
    return stream.getvalue()


def sized(rgb_u8: RgbU8, width: int, height: int) -> RgbU8:
    return np.asarray(cv2.resize(rgb_u8, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize(
    ("width", "height", "factor"),
    [(1, 1, 1), (2399, 1800, 1), (2400, 60, 1), (2400, 1600, 2), (1201, 2501, 2), (4803, 1605, 4)],
)
def test_how_far(width: int, height: int, factor: int) -> None:
    photo = decode(jpeg(np.zeros((height, width, 3), np.uint8)))
    assert photo.view(100).factor == factor
    assert (photo.width, photo.height) == (width, height)
    assert photo.rgb_u8.shape == (height, width, 3)


def test_a_jpeg_that_others_follow_is_reduced_too(astronaut: RgbU8) -> None:
    first, stream = Image.fromarray(sized(astronaut, 2600, 2400)), io.BytesIO()
    first.save(stream, "MPO", quality=92, save_all=True, append_images=[first.resize((300, 200))])
    photo, plain = decode(stream.getvalue()), decode(jpeg(np.asarray(first)))
    assert photo.view(100).factor == 2
    assert (photo.view(100).rgb_u8 == plain.view(100).rgb_u8).all()
    assert (photo.rgb_u8 == plain.rgb_u8).all()


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_other_formats_are_whole(format_: str) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (2400, 1300)).save(stream, format_)
    assert decode(stream.getvalue()).view(100).factor == 1


@pytest.mark.parametrize("orientation", range(9))
def test_lies_on_the_whole_photograph(astronaut: RgbU8, orientation: int) -> None:
    """A pixel of the view is the mean of the photograph's pixels that its matrix names, whichever way the file is turned."""
    photo = decode(jpeg(sized(astronaut, 2501, 2403), orientation))
    view = photo.view(2)
    assert view.factor == 2
    whole = cv2.blur(
        photo.rgb_u8.astype(np.float32), (2, 2), anchor=(0, 0)
    )  # [y, x]: mean of the 2x2 pixels from there on
    at = np.array([[300, 200, 1], [900, 1000, 1], [700, 600, 1]], np.float64) @ view.matrix.T - 0.5
    for (x, y, _), (column, row) in zip(at.round().astype(int), [(300, 200), (900, 1000), (700, 600)], strict=True):
        assert np.abs(view.rgb_u8[row, column] - whole[y, x]).max() < 6
    assert np.allclose(view.in_photo(np.array([[1.0, 2.0]], np.float32)), np.array([2.0, 4.0]) - view.before_xy)


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"subsampling": 2}])
def test_kinds_of_jpeg(astronaut: RgbU8, options: dict[str, Any]) -> None:
    photo = decode(jpeg(sized(astronaut, 2400, 2400), **options))
    small = cv2.resize(photo.rgb_u8, (1200, 1200), interpolation=cv2.INTER_AREA)
    assert np.abs(photo.view(2).rgb_u8.astype(int) - small).mean() < 2


def test_a_large_face_needs_no_more(engine: Engine, astronaut: RgbU8) -> None:
    large = decode(jpeg(sized(astronaut, 4900, 4900)))
    decoded = large.decode_ms
    answer = engine.analyze(large, PHOTO_TASKS)
    assert large.decode_ms == decoded
    plain = engine.analyze(Photo(large.rgb_u8), PHOTO_TASKS)
    assert large.decode_ms > decoded
    assert answer.size == plain.size == (4900, 4900)
    (one,), (other,) = answer.faces, plain.faces
    side = float(other.face.box_xyxy[2] - other.face.box_xyxy[0])
    assert np.abs(one.face.box_xyxy - other.face.box_xyxy).max() < 0.05 * side
    assert abs(one.results["age"].years - other.results["age"].years) < 2
    points = [np.array(report.results["landmarks"].points) for report in (one, other)]
    assert np.abs(points[0] - points[1]).mean() < 0.01 * side


@pytest.mark.parametrize("min_face", [None, 20.0])
def test_a_small_face_gets_its_pixels(engine: Engine, astronaut: RgbU8, min_face: float | None) -> None:
    """90 pixels of 2,400: found in the reduced photograph unless smaller ones are wanted, judged in the whole one."""
    canvas = np.full((1800, 2400, 3), 90, np.uint8)
    canvas[300:812, 700:1212] = astronaut
    photo = decode(jpeg(canvas))
    before = photo.decode_ms
    answer = engine.analyze(photo, ["landmarks"], detect=DetectOptions(min_face=min_face))
    assert photo.decode_ms > before
    assert len(answer.faces) == 1
    centre = answer.faces[0].face.box_xyxy.reshape(2, 2).mean(0)
    assert np.abs(centre - np.array([922, 415])).max() < 20


def test_cut_short_is_refused_at_once(astronaut: RgbU8) -> None:
    with pytest.raises(InvalidImage):
        decode(jpeg(sized(astronaut, 4900, 4900))[:-30_000])

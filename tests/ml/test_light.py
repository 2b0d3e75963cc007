"""Dark, pale and hazy photographs are answered like good ones."""

from collections.abc import Callable

import numpy as np
import pytest

from ml.engine import Engine
from ml.light import MOST, SPAN, lit
from ml.photo import Photo
from ml.types import RgbU8

RAMP = np.repeat(np.tile(np.arange(256, dtype=np.uint8), (64, 1))[..., None], 3, axis=2)


def levels(image: RgbU8, gain: float, shift: float) -> RgbU8:
    return np.asarray(np.clip(image * gain + shift, 0, 255), np.uint8)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.full((1, 1, 3), 9, np.uint8), id="one pixel"),
        pytest.param(np.full((40, 50, 3), 200, np.uint8), id="flat"),
        pytest.param(np.zeros((3, 40_000, 3), np.uint8), id="black"),
        pytest.param(RAMP, id="all levels"),
        pytest.param(levels(RAMP, 0.6, 50), id="enough levels"),
    ],
)
def test_what_spans_enough_or_nothing_stays_as_it_is(image: RgbU8) -> None:
    assert lit(image) is image


@pytest.mark.parametrize(
    ("gain", "shift", "span"),
    [(0.5, 0, SPAN), (0.15, 0, SPAN), (0.3, 170, SPAN), (0.2, 100, SPAN), (0.02, 0, MOST * 5), (0.02, 249, MOST * 5)],
)
def test_few_levels_are_spread(gain: float, shift: float, span: float) -> None:
    image = levels(RAMP, gain, shift)
    spread = lit(image)
    low, high = np.quantile(spread, (0.01, 0.99))
    assert span * 0.9 <= high - low <= span * 1.1
    assert (np.diff(spread[0, :, 0].astype(int)) >= 0).all()  # lighter stays lighter


def test_colours_keep_their_order() -> None:
    image = levels(RAMP, 0.2, 20)
    image[..., 0] += 12
    spread = lit(image).astype(int)
    assert (spread[..., 0] > spread[..., 2]).all()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda image: levels(image, 0.15, 0), id="dark"),
        pytest.param(lambda image: levels(image, 0.2, 110), id="hazy"),
        pytest.param(lambda image: levels(image, 0.15, 215), id="pale"),
    ],
)
def test_a_dark_or_pale_portrait_is_answered_like_a_good_one(
    engine: Engine, hopper: RgbU8, spoil: Callable[[RgbU8], RgbU8]
) -> None:
    plain, spoilt = Photo(hopper), Photo(spoil(hopper))
    (good,), (poor,) = (engine.analyze(photo, ["age", "emotion", "landmarks"]).faces for photo in (plain, spoilt))
    assert np.abs(good.face.box_xyxy - poor.face.box_xyxy).max() < 6
    assert abs(good.results["age"].years - poor.results["age"].years) < 5
    assert good.results["emotion"].label == poor.results["emotion"].label
    away = np.array(good.results["landmarks"].points) - np.array(poor.results["landmarks"].points)
    assert np.linalg.norm(away, axis=1).mean() < 2
    assert engine.verify(plain, spoilt).similarity > 0.9

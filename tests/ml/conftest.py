"""The engine and the detectors on the real weights, and public-domain photographs."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from ml.detectors import Detector, build_detectors
from ml.engine import Engine
from ml.images import decode
from ml.photo import Photo
from ml.runtime import Networks
from ml.types import RgbU8

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    engine = Engine(ROOT / "weights")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def astronaut() -> RgbU8:
    """Eileen Collins (NASA), 512x512, one face of about 90 pixels near (220, 110)."""
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def hopper() -> RgbU8:
    """Grace Hopper (US Navy), one face."""
    return decode((ROOT / "static" / "samples" / "grace_hopper.jpg").read_bytes()).rgb_u8


@pytest.fixture(scope="session")
def crowd(astronaut: RgbU8) -> Photo:
    """Twenty copies of a face in five columns and four rows."""
    tile = np.asarray(cv2.resize(astronaut[20:260, 100:340], (160, 160), interpolation=cv2.INTER_AREA), np.uint8)
    return Photo(np.tile(tile, (4, 5, 1)))


@pytest.fixture(scope="session")
def pair(astronaut: RgbU8, hopper: RgbU8) -> Photo:
    """Both women side by side."""
    height = 480
    sides = [
        cv2.resize(image, (round(image.shape[1] * height / image.shape[0]), height)) for image in (astronaut, hopper)
    ]
    return Photo(np.ascontiguousarray(np.hstack(sides), np.uint8))


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(ROOT / "weights", threads=8)


@pytest.fixture(scope="module")
def detectors(networks: Networks) -> Mapping[str, Detector]:
    return build_detectors(networks)


@pytest.fixture
def live() -> Iterator[Engine]:
    """An engine of its own: these tests change what answers."""
    engine = Engine(ROOT / "weights")
    engine.activate("emotion", "mini-xception 1.0.0")
    engine.warm_up()
    yield engine
    engine.close()


@pytest.fixture
def photo(astronaut: RgbU8) -> Photo:
    return Photo(astronaut)

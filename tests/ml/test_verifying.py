"""Two photographs compared, on the real weights and through the engine."""

from typing import Any

import numpy as np
import pytest

from ml.engine import DETECT, Engine
from ml.errors import InvalidRequest, NoFace
from ml.photo import Photo
from ml.types import RgbU8

BLANK = Photo(np.full((240, 320, 3), 128, np.uint8))


def test_verify_tells_the_same_person_from_another(engine: Engine, astronaut: RgbU8, hopper: RgbU8) -> None:
    mirrored = Photo(np.ascontiguousarray(astronaut[:, ::-1]))
    same = engine.verify(Photo(astronaut), mirrored)
    other = engine.verify(Photo(astronaut), Photo(hopper))
    assert same.verified
    assert not other.verified
    assert same.similarity > same.threshold > other.similarity
    assert other.distance == pytest.approx(1 - other.similarity)
    assert engine.verify(Photo(hopper), Photo(astronaut)).similarity == pytest.approx(other.similarity, abs=1e-5)
    assert engine.verify(Photo(astronaut), Photo(astronaut)).similarity == pytest.approx(1, abs=1e-4)


def test_verify_takes_the_largest_face_or_the_asked_one(engine: Engine, astronaut: RgbU8, pair: Photo) -> None:
    faces = engine.verify(pair, Photo(astronaut)).candidates[0]
    largest = max(range(2), key=lambda index: faces[index].area)
    results = [engine.verify(pair, Photo(astronaut), face1=index) for index in range(2)]
    assert engine.verify(pair, Photo(astronaut)).similarity == results[largest].similarity
    assert [result.verified for result in results].count(True) == 1


def test_a_stricter_false_match_rate_raises_the_threshold(engine: Engine, astronaut: RgbU8) -> None:
    rates = [1e-2, 1e-3]
    thresholds = [engine.verify(Photo(astronaut), Photo(astronaut), false_match_rate=rate).threshold for rate in rates]
    assert thresholds[0] < thresholds[1]
    assert engine.verify(Photo(astronaut), Photo(astronaut)).false_match_rate == 1e-3


@pytest.mark.parametrize(
    "options", [{"face1": 1}, {"face2": -1}, {"false_match_rate": 0.9}, {"false_match_rate": 1e-12}]
)
def test_verify_refuses(engine: Engine, astronaut: RgbU8, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        engine.verify(Photo(astronaut), Photo(astronaut), **options)


@pytest.mark.parametrize("which", ["image1", "image2"])
def test_verify_names_the_photograph_without_a_face(engine: Engine, astronaut: RgbU8, which: str) -> None:
    photos = [Photo(astronaut), BLANK] if which == "image2" else [BLANK, Photo(astronaut)]
    with pytest.raises(NoFace) as caught:
        engine.verify(*photos)
    assert caught.value.details["image"] == which


def test_embeddings_of_analyze_are_what_verify_compares(engine: Engine, astronaut: RgbU8, hopper: RgbU8) -> None:
    photos = [Photo(astronaut), Photo(np.ascontiguousarray(astronaut[:, ::-1])), Photo(hopper)]
    reports = [engine.analyze(photo, [DETECT], embedding=True) for photo in photos]
    vectors = [np.array(report.faces[0].results["embedding"].vector) for report in reports]
    for place in (1, 2):
        expected = engine.verify(photos[0], photos[place]).similarity
        assert float(vectors[0] @ vectors[place]) == pytest.approx(expected, abs=1e-6)
    assert set(reports[0].models) == {DETECT, "embedding"}
    assert "embedding" not in engine.analyze(photos[0], [DETECT]).faces[0].results
    pinned = engine.analyze(photos[0], [DETECT], embedding=True, versions={"verify": "mobilefacenet 2.0.0-int8"})
    assert pinned.models["embedding"].network == "mobilefacenet"
    with pytest.raises(NoFace):
        engine.analyze(Photo(np.zeros((64, 64, 3), np.uint8)), [DETECT], embedding=True)

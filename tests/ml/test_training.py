"""Parts of the recipe of the face network; the whole of it takes hours and runs by hand."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml.nets import face  # noqa: E402
from ml.training import augment, batches, losses  # noqa: E402
from ml.training.corpus import SOURCES, UNKNOWN, Corpus, Labels, label_row, read_images, read_rows, split_of  # noqa: E402
from ml.types import Face  # noqa: E402

DATA = Path(__file__).parents[3] / "shared" / "data"
RNG = np.random.default_rng(3)


def tensors(*values: object) -> list[object]:
    return [tf.constant(np.asarray(value, np.float32)) for value in values]


def masked_losses(rows: list[int]) -> dict[str, float]:
    """All losses of three images of which the first has every label and the last none."""
    rng = np.random.default_rng(0)
    logits = {head: tf.constant(rng.normal(size=(3, units))[rows], tf.float32) for head, units in face.HEADS.items()}
    first = {"age_low": 30.0, "age_high": 30.0, "gender": 1.0, "emotion": 3.0, "votes_other": 1.0, "mask": 0.0}
    labels = {name: [value, UNKNOWN, UNKNOWN] for name, value in first.items()}
    labels["votes_other"] = [1.0, 0.0, 0.0]
    vectors = {
        "votes": [[1, 0, 0, 8, 0, 0, 0], [0] * 7, [0] * 7],
        "attributes": [[1.0, 0.0] * 20, [UNKNOWN] * 40, [UNKNOWN] * 40],
    }
    chosen = {name: tf.constant(np.array(v, np.float32)[rows]) for name, v in (labels | vectors).items()}
    return {name: float(value) for name, value in losses.losses(logits, chosen).items()}


def test_images_without_a_label_change_nothing() -> None:
    assert masked_losses([0, 1, 2]) == pytest.approx(masked_losses([0]))


def test_a_batch_without_any_label_costs_nothing() -> None:
    assert set(masked_losses([1, 2]).values()) == {0.0}


@pytest.mark.parametrize(
    ("low", "high", "peak", "better_than"),
    [(30, 30, 30, 60), (30, 30, 31, 40), (0, 2, 1, 5), (70, 100, 85, 60), (20, 29, 20, 35)],
)
def test_age_losses_prefer_the_truth(low: float, high: float, peak: int, better_than: int) -> None:
    def both(year: int) -> tuple[float, float]:
        logits, *ends = tensors(10 * np.eye(101)[[year]], [low], [high])
        return float(losses.age_loss(logits, *ends)), float(losses.years_loss(logits, *ends))

    assert both(peak)[0] < both(better_than)[0]
    assert both(peak)[1] < both(better_than)[1]


@pytest.mark.parametrize(("gender", "mask", "weighs"), [(1.0, -1.0, True), (-1.0, 1.0, True), (-1.0, -1.0, False)])
def test_people_in_the_other_sets_count_as_unmasked(gender: float, mask: float, weighs: bool) -> None:  # noqa: FBT001
    wrong = -5.0 if mask == 1 else 5.0
    assert (float(losses.mask_loss(*tensors([wrong], [mask], [gender]))) > 1) is weighs


@pytest.mark.parametrize(
    ("source", "row", "expected"),
    [
        ("utkface", {"age": "110", "gender": "male", "race": "white"}, {"age_low": 100.0, "age_high": 100.0, "gender": 1.0}),
        ("fairface", {"age_range": "3-9", "gender": "female", "race": "black"}, {"age_low": 3.0, "age_high": 9.0, "gender": 0.0}),
        ("fairface", {"age_range": ">70", "gender": "male", "race": "black"}, {"age_low": 70.0, "age_high": 100.0}),
        ("fer2013", {"label": "happy", "ferplus_NF": "1"}, {"emotion": 3.0, "votes_other": 1.0, "gender": -1.0, "mask": -1.0}),
        ("mask", {"label": "no_mask", "source": "prajna"}, {"mask": 0.0, "emotion": -1.0, "age_low": -1.0}),
    ],
)  # fmt: skip
def test_labels_of_each_set(source: str, row: dict[str, str], expected: dict[str, float]) -> None:
    values = label_row({"file": "a.webp", "split": "train", **row}, source, {})
    assert {name: values[name] for name in expected} == expected


def test_validation_images_are_never_trained_on() -> None:
    names = [f"{i:06d}.webp" for i in range(2000)]
    assert {split_of({"file": name, "split": "val"}, "mask") for name in names} == {"val"}
    held = [split_of({"file": name, "split": "train"}, "mask") for name in names].count("hold")
    assert 60 < held < 140


@pytest.mark.parametrize("source", SOURCES)
def test_every_set_can_be_read(source: str) -> None:
    if not (DATA / source).is_dir():
        pytest.skip("the training data are not here")
    rows = read_rows(DATA, source)
    image = next(read_images(DATA, source, [rows[0]["file"]]))
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert {row["split"] for row in rows} == {"train", "val"}
    assert label_row(rows[0], source, {})["source"] == SOURCES.index(source)


@pytest.mark.parametrize("how", [*augment.USUAL, *augment.ROUGH, augment.Strength(noise=1.0, cut=1.0)])
def test_augmented_crops_repeat_with_the_seed_and_differ_without(how: augment.Strength) -> None:
    image = RNG.integers(0, 256, (60, 50, 3), np.uint8)
    found = Face(
        np.array([10, 10, 40, 50], np.float32),
        1.0,
        np.array([[18, 25], [32, 25], [25, 33], [19, 41], [31, 41]], np.float32),
    )

    def crop(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return augment.spoilt(augment.framed(image, found, 64, 1.4, rng=rng, how=how), rng, how)

    assert crop(1).shape == (64, 64, 3)
    assert (crop(1) == crop(1)).all()
    assert (crop(1) != crop(2)).any()


def test_batches_depend_on_their_number_only() -> None:
    rows, side = 4 * len(SOURCES), 32
    pixels = RNG.integers(0, 256, rows * 40 * 40 * 3, np.uint8)
    columns = {field.name: np.zeros(rows, np.float32) for field in fields(Labels)}
    columns |= {"source": np.arange(rows) % float(len(SOURCES)), "votes": np.ones((rows, 7), np.float32)}
    sizes = np.full((rows, 2), 40)
    corpus = Corpus(pixels, np.arange(rows) * 4800, sizes, Labels(**columns), (), ())
    points = np.array([[12, 15], [26, 15], [19, 22], [13, 30], [25, 30]], np.float32)
    faces = batches.Faces(
        corpus, np.tile(np.array([5, 5, 35, 35], np.float32), (rows, 1)), np.tile(points, (rows, 1, 1))
    )
    source = batches.Source(faces, np.arange(rows), side, 1.1, 64, seed=1)
    first = [next(stream)[0] for stream in [source.stream(0)] for _ in range(3)]
    again = next(source.stream(2))[0]
    assert first[0].shape == (64, side, side, 3)
    np.testing.assert_array_equal(first[2], again)
    assert (first[1] != first[2]).any()


def test_batches_hold_every_set_in_its_share() -> None:
    rows = 50 * len(SOURCES)
    sources = np.repeat(np.arange(len(SOURCES), dtype=np.float32), 50)
    columns = {field.name: np.zeros(rows, np.float32) for field in fields(Labels)}
    columns |= {"source": sources, "votes": np.ones((rows, 7), np.float32), "age_low": np.arange(rows) % 80.0}
    corpus = Corpus(np.zeros(0, np.uint8), np.zeros(rows, int), np.zeros((rows, 2), int), Labels(**columns), (), ())
    sampler = batches.Sampler(corpus, np.arange(rows), 64)
    drawn = sources[sampler.places(np.random.default_rng(0))]
    assert {SOURCES[int(source)]: int((drawn == source).sum()) for source in np.unique(drawn)} == batches.FACE_SHARES

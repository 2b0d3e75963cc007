"""Parts of the recipe of the face network; the whole of it takes hours and runs by hand."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml.nets import expression, face, tinyxception  # noqa: E402
from ml.tasks.age_interval import age_interval, quantiles  # noqa: E402
from ml.training import augment, batches, calibrate, expression_model, face_model, losses, measure, refit  # noqa: E402
from ml.training.corpus import SOURCES, UNKNOWN, Corpus, Labels, label_row, read_images, read_rows, split_of  # noqa: E402
from ml.types import Face  # noqa: E402

WEIGHTS = Path(__file__).parents[2] / "weights"
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


@pytest.mark.parametrize("how", [augment.COLOUR, augment.GRAY48, augment.NOISY, augment.Strength(noise=1.0)])
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


def test_quantiles_of_a_certain_age_span_that_year() -> None:
    assert quantiles(np.eye(101)[40], (0.05, 0.95)) == pytest.approx((39.55, 40.45))


@pytest.mark.parametrize("calibration", [{}, {"knots": [0, 100], "low_offset": [2, 4], "high_offset": [300, 300]}])
def test_intervals_hold_the_age_and_stay_within_the_years(calibration: dict[str, list[int]]) -> None:
    for row in RNG.dirichlet(np.full(101, 0.1), 50).astype(np.float32):
        years, low, high = age_interval(row, calibration)
        assert 0 <= low <= years <= high <= 100


def test_calibrated_intervals_cover_nine_in_ten() -> None:
    ages = RNG.uniform(5, 90, 4000).astype(np.float32)
    guesses = ages + RNG.normal(0, 4, 4000)
    bells = np.exp(-0.5 * (np.arange(101) - guesses[:, None]) ** 2 / 2**2)
    rows = (bells / bells.sum(1, keepdims=True)).astype(np.float32)
    table = calibrate.interval(rows[:2000], ages[:2000])

    def inside(calibration: dict[str, Any]) -> float:
        ends = [age_interval(row, calibration)[1:] for row in rows[2000:]]
        return float(np.mean([low <= age <= high for (low, high), age in zip(ends, ages[2000:], strict=True)]))

    assert inside({}) < 0.7  # the distributions are twice too narrow
    assert 0.87 < inside(table) < 0.93


def test_temperature_and_slope_undo_a_scaling() -> None:
    logits = RNG.normal(0, 1.5, (6000, 4)).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (shares.cumsum(1) > RNG.random((6000, 1))).argmax(1).astype(np.float32)
    assert calibrate.temperature(3 * logits, labels) == pytest.approx(3, rel=0.1)
    male = (RNG.random(6000) < 1 / (1 + np.exp(-logits[:, 0]))).astype(np.float32)
    assert calibrate.slope(2 * logits[:, 0], male) == pytest.approx(0.5, abs=0.1)


def test_heads_are_fitted_anew_to_the_images_that_count() -> None:
    features = RNG.normal(0, 1, (400, 3)).astype(np.float32)
    truth = np.stack([features[:, 0] > 0.5, features[:, 1] < 0], 1).astype(np.float32)
    counts = np.ones(400, np.float32)
    counts[200:] = 0
    truth[200:] = 1 - truth[200:]  # wrong, but these do not count
    kernel, bias = refit.fit(features, truth, counts, 1.0)
    assert (kernel.shape, bias.shape) == ((3, 2), (2,))
    assert ((features[:200] @ kernel + bias > 0) == truth[:200]).mean() > 0.95


def test_expressions_are_fitted_to_shares_of_classes() -> None:
    features = RNG.normal(0, 1, (600, 2)).astype(np.float32)
    shares = np.stack([features[:, 0] > 0.3, features[:, 0] < -0.3, np.full(600, 0.1)], 1).astype(np.float32)
    counts = np.ones(600, np.float32)
    counts[300:] = 0
    shares[300:, :2] = shares[300:, 1::-1]  # the other way round, but these do not count
    kernel, bias = refit.fit_classes(features, shares, counts, 1.0)
    assert (kernel.shape, bias.shape) == ((2, 3), (3,))
    sure = shares[:300, 2] < shares[:300, :2].max(1)
    assert ((features[:300] @ kernel + bias).argmax(1) == shares[:300].argmax(1))[sure].mean() > 0.95


def test_shares_of_expressions_are_what_people_saw() -> None:
    columns = {field.name: np.zeros(3, np.float32) for field in fields(Labels)}
    votes = np.array([[0.0] * 7, [6, 2, 0, 0, 0, 0, 0], [-1.0] * 7], np.float32)
    labels = Labels(
        **columns | {"emotion": np.array([3.0, 0.0, -1.0]), "votes": votes, "votes_other": np.array([10.0, 2.0, -1.0])}
    )
    assert refit.truth_of(labels, "emotion").tolist() == [[0, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0], [0] * 7]
    shares = refit.truth_of(labels, "votes")
    assert shares[:2].tolist() == [[0] * 7, pytest.approx([0.6, 0.2, 0, 0, 0, 0, 0])]
    assert (shares[2] < 0).all()


def test_unmasked_faces_of_other_sets_count_as_bare() -> None:
    columns = {field.name: np.zeros(5, np.float32) for field in fields(Labels)}
    labels = Labels(**columns | {"source": np.arange(5.0), "mask": np.array([-1, -1, -1, -1, 1.0])})
    assert refit.truth_of(labels, "mask").ravel().tolist() == [0, 0, 0, 0, 1]
    weights = refit.weights_of(labels, refit.LESSONS["mask"].sets)
    assert weights[SOURCES.index("fer2013")] == 0
    assert weights[SOURCES.index("mask")] > 10 * weights[SOURCES.index("celeba")] > 0


@pytest.mark.parametrize(
    ("values", "expected"), [([], {"images": 0}), ([1, 1], {"value": 1.0, "low": 1.0, "high": 1.0, "images": 2})]
)
def test_means_with_their_bounds(values: list[float], expected: dict[str, float]) -> None:
    assert measure.mean(values) == expected


def test_calibration_error_of_a_boaster() -> None:
    assert measure.calibration_error([0.99] * 10, [True, False] * 5)["ece"] == pytest.approx(0.49)


@pytest.mark.parametrize(("blocks", "layers"), [(0, 26), (5, 16), (13, 0)])
def test_frozen_blocks_take_no_part_in_training(blocks: int, layers: int) -> None:
    model = face_model.build(None)
    face_model.freeze(model, blocks)
    assert len(model.trainable_variables) == 2 * (layers + len(face.HEADS))


def test_folded_normalisation_answers_as_the_training_model_does() -> None:
    model = expression_model.build()
    for layer in model.layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([RNG.uniform(0.5, 1.5, value.shape) for value in layer.get_weights()])
    crops = RNG.integers(0, 256, (2, expression.SIDE, expression.SIDE, 1), np.uint8).repeat(3, axis=3)
    views = [model(expression_model.network_input(tf.constant(view))) for view in (crops, crops[:, :, ::-1])]
    served = expression_model.served(model, expression_model.heads(model))
    said = served(crops[..., :1].astype(np.float32) / 127.5 - 1)
    assert set(said) == set(expression.HEADS.values())
    for head, output in expression.HEADS.items():
        expected = tf.nn.softmax((views[0][head] + views[1][head]) / 2)
        np.testing.assert_allclose(said[output], expected, rtol=1e-3, atol=1e-5)


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


def test_the_served_network_answers_with_the_heads_and_the_networks_beside_them() -> None:
    model, others = face_model.build(None), face_model.finished(WEIGHTS)
    values = face_model.heads(model)
    network = face_model.served(model, values, others)
    rgb_u8 = np.asarray(cv2.GaussianBlur(RNG.integers(0, 256, (128, 128, 3), np.uint8), (0, 0), 3), np.uint8)
    answers = network(face_model.network_input(tf.constant(rgb_u8[None])))
    assert {name: value.shape[1] for name, value in answers.items()} == face.OUTPUTS
    np.testing.assert_allclose(answers["emotion"], 1 / 7, atol=1e-6)
    assert float(answers["gender"][0, 0]) == 0.5
    tight = cv2.resize(rgb_u8[9:119, 9:119], (112, 112)).astype(np.float32)
    tiny = others[2](((tight - np.array(tinyxception.MEAN_RGB, np.float32)) / 255)[None])
    np.testing.assert_allclose(answers["age"], 0.7 / 101 + 0.3 * tiny["age"], atol=0.01)

    combined = {head: face_model.combined(head, pair) for head, pair in values.items()}
    both = face_model.served(model, combined, others)(face_model.network_input(tf.constant(rgb_u8[None])))
    gray = cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2GRAY)
    own, small = (
        cv2.resize(gray[cut:-cut, cut:-cut], (side, side)).astype(np.float32)[None, ..., None] / 127.5 - 1
        for cut, side in ((3, expression.SIDE), (4, 64))
    )
    ours, public = others[0](own), others[1](small)["emotion"]
    for head, output in expression.HEADS.items():
        parts = [np.asarray(part, np.float64) for part in (ours[output], public)]
        weighted = np.prod([part**weight for part, weight in zip(parts, face.GRAY_WEIGHTS[head], strict=True)], axis=0)
        np.testing.assert_allclose(both[output], weighted / weighted.sum(), atol=0.02)
    logit = np.log(float(tiny["gender"][0, 0]) / (1 - float(tiny["gender"][0, 0])))
    assert float(both["gender"][0, 0]) == pytest.approx(1 / (1 + np.exp(-face.TINY_WEIGHT * logit)), abs=0.03)
    said = face_model.seen(network, [rgb_u8[None]], face.HEADS)
    trunk, means, grays = face_model.TRUNK, 128 + 256 + 512 + 512 + 1024, 256 + 256
    assert {head: value.shape[1] for head, value in said.items()} == {
        "age": trunk,
        "gender": trunk + 1,
        "votes": trunk + 21 + means,
        "emotion": trunk + 21 + means,
        "attributes": trunk + means + grays,
        "mask": trunk + means + grays,
    }
    assert float(said["gender"][0, trunk]) == pytest.approx(logit, rel=0.1)
    # What the heads are fitted to is the same for all, but for its end and the logits.
    for head, count in face.LOGITS.items():
        shared = np.delete(said[head], slice(trunk, trunk + count), axis=1)
        np.testing.assert_array_equal(shared, said["attributes"][:, : shared.shape[1]])


def test_batches_hold_every_set_in_its_share() -> None:
    rows = 50 * len(SOURCES)
    sources = np.repeat(np.arange(len(SOURCES), dtype=np.float32), 50)
    columns = {field.name: np.zeros(rows, np.float32) for field in fields(Labels)}
    columns |= {"source": sources, "votes": np.ones((rows, 7), np.float32), "age_low": np.arange(rows) % 80.0}
    corpus = Corpus(np.zeros(0, np.uint8), np.zeros(rows, int), np.zeros((rows, 2), int), Labels(**columns), (), ())
    sampler = batches.Sampler(corpus, np.arange(rows), 64)
    drawn = sources[sampler.places(np.random.default_rng(0))]
    assert {SOURCES[int(source)]: int((drawn == source).sum()) for source in np.unique(drawn)} == batches.FACE_SHARES

"""Heads that are fitted anew, and the network that is served."""

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml.nets import expression, face, tinyxception  # noqa: E402
from ml.training import expression_model, face_model, refit  # noqa: E402
from ml.training.corpus import SOURCES, Labels  # noqa: E402

WEIGHTS = Path(__file__).parents[2] / "weights"
RNG = np.random.default_rng(3)


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

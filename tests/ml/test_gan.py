"""Parts of the recipe of the generator; the whole of it takes half an hour and runs by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml.generation import pixels  # noqa: E402
from ml.nets import portrait  # noqa: E402
from ml.training import gan_fit, gan_model  # noqa: E402
from ml.training.gan import ENTRY  # noqa: E402
from ml.training.gan_data import portrait_of  # noqa: E402
from ml.training.gan_fit import Plan, Trainer  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow warns about itself
RNG = np.random.default_rng(3)
PHOTOS = RNG.integers(0, 256, (9, portrait.HEIGHT, portrait.WIDTH, 3), np.uint8)
SHAPE = (5, portrait.HEIGHT, portrait.WIDTH, 3)
Z = RNG.standard_normal((5, portrait.LENGTH), np.float32)


def test_without_photographs_nothing_is_learnt(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no portraits"):
        Trainer(PHOTOS[:0], Plan(1), tmp_path)


@pytest.mark.parametrize("shape", [(0, 0, 3), (128, 157, 3), (76, 64, 3)])
def test_only_aligned_faces_are_cut(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="157 rows"):
        portrait_of(np.zeros(shape, np.uint8))


def test_the_cut_keeps_what_is_in_the_middle() -> None:
    aligned = np.zeros((157, 128, 3), np.uint8)
    aligned[84, 64] = 255
    place = np.unravel_index(portrait_of(aligned).sum(2).argmax(), (portrait.HEIGHT, portrait.WIDTH))
    assert place == (38, 32)


def test_what_is_served_is_what_was_trained() -> None:
    """With the normalisations folded; their statistics and weights are anything but those of a fresh network."""
    model = gan_model.generator()
    model.set_weights(
        [weight + RNG.uniform(0.1, 0.5, weight.shape) * (weight.ndim == 1) for weight in model.get_weights()]
    )
    network = gan_model.served(model)
    images = np.asarray(network(Z)["image"])
    assert images.shape == SHAPE
    assert images.min() >= -1
    assert images.max() <= 1
    assert np.ptp(images) > 0.1
    assert np.abs(images - np.asarray(model(Z, training=False))).max() < 1e-5
    assert network.count_params() * 2 < 1.5e6
    assert ENTRY["arch"] == "portrait"


def test_settled_normalisations_have_the_statistics_of_what_they_see() -> None:
    """In a generator whose statistics are wrong, all images of a batch are still normalised as in training."""
    model = gan_model.generator()
    model.set_weights([weight + 7.0 * (weight.ndim == 1) for weight in model.get_weights()])
    gan_model.settle(model, np.random.default_rng(0), batches=3, size=64)
    many = np.random.default_rng(1).standard_normal((64, portrait.LENGTH), np.float32)
    apart = np.asarray(model(many, training=False)) - np.asarray(model(many, training=True))
    assert np.abs(apart).mean() < 0.05


def test_pixels_of_a_generators_range() -> None:
    assert pixels(np.array([-1.0, 0.0, 1.0, 1.01], np.float32)).tolist() == [0, 128, 255, 255]


def test_rate_and_share() -> None:
    by_steps, by_clock = Plan(100, rate=1.0, hold=0.5), Plan(100, minutes=2)
    assert [by_steps.rate_at(share) for share in (0, 0.5, 0.75, 1)] == pytest.approx([1, 1, 0.55, 0.1])
    assert by_steps.share(25, 1e9) == 0.25
    assert by_clock.share(25, 90) == 0.75
    assert by_clock.share(25, 1e9) == 1


def test_training_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gan_fit, "BATCH", 4)
    first = Trainer(PHOTOS, Plan(2), tmp_path)
    before = first.generator().get_weights()
    first.run(log_every=1)
    after = first.generator().get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
    again = Trainer(PHOTOS, Plan(3), tmp_path)
    assert again.progress.step == 2
    for old, new in zip(after, again.generator().get_weights(), strict=True):
        assert old == pytest.approx(new, abs=1e-5)
    again.run(log_every=1)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3]
    assert {"generator", "discriminator", "photo", "drawn"} < set(rows[0])
    assert all(np.isfinite(value) for row in rows for value in row.values())
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["sheet-000002.png", "sheet-000003.png"]
    with pytest.raises(FloatingPointError, match="step 3"):
        again.progress.note({"generator": float("nan")}, 0.1)

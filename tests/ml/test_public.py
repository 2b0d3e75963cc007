"""The public networks for age, gender and expression: folding, the distribution of ages, and the choice of its width."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from ml.nets import minixception, tinyxception  # noqa: E402
from ml.training import public_choices  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(3)


def test_folded_kernels_compute_convolution_and_normalisation() -> None:
    x = RNG.standard_normal((2, 9, 9, 4)).astype(np.float32)
    convolution = keras.layers.SeparableConv2D(6, 3, padding="same", use_bias=False)
    norm = keras.layers.BatchNormalization(epsilon=1e-3)
    norm(convolution(x))
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    norm.set_weights([RNG.uniform(0.5, 2, 6).astype(np.float32) for _ in names])
    kernels = dict(zip(("depthwise_kernel", "pointwise_kernel"), convolution.get_weights(), strict=True))
    arrays = minixception._folded(kernels, dict(zip(names, norm.get_weights(), strict=True)))
    one = keras.layers.SeparableConv2D(6, 3, padding="same")
    one.build(x.shape)
    one.set_weights(arrays)
    np.testing.assert_allclose(one(x), norm(convolution(x), training=False), atol=1e-5)


def test_every_layer_with_weights_has_its_place_in_the_file() -> None:
    layers = {layer.name for layer in minixception.build().layers if layer.weights}
    sources = minixception._sources()
    assert set(sources) == layers
    assert len(set(sources.values())) == len(layers)


@pytest.mark.parametrize("years", [-3.0, 0.0, 1.0, 30.5, 70.0, 130.0])
def test_ages_are_a_distribution_around_the_number(years: float) -> None:
    row = np.asarray(tinyxception.distribution(np.array([[years]], np.float32), tinyxception.SPREAD))[0]
    assert row.shape == (101,)
    assert row.sum() == pytest.approx(1, abs=1e-5)
    assert abs(int(row.argmax()) - np.clip(years, 0, 100)) <= 0.5
    if 30 <= years <= 70:
        mean = float(row @ np.arange(101))
        deviation = float(np.sqrt(row @ (np.arange(101) - mean) ** 2))
        assert (mean, deviation) == pytest.approx((years, tinyxception.SPREAD[2]), abs=0.05)


def test_likeliest_spread_finds_the_one_that_made_the_errors() -> None:
    years = RNG.uniform(0, 80, 4000).astype(np.float32)
    ages = np.round(np.clip(years + RNG.standard_normal(4000) * np.minimum(1 + 0.4 * years, 6), 0, 100))
    newborn, growth, widest = public_choices.likeliest_spread(years, ages.astype(np.float32))
    assert newborn == pytest.approx(1, abs=0.4)
    assert growth == pytest.approx(0.4, abs=0.1)
    assert widest == pytest.approx(6, abs=0.3)

"""The LiteRT file and the Keras graph of every network give the same answers, from the committed files alone."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.manifest import NetworkSpec, load, sha256_of
from ml.runtime import LiteRtNetwork
from ml.types import F32

WEIGHTS = Path(__file__).parents[2] / "weights"
SPECS = load(WEIGHTS / "manifest.toml").networks
TOLERANCE = 2e-4  # of the largest value of the output, at least 1
OPEN_SIDE = 48

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow warns about itself


def _keras(spec: NetworkSpec) -> Any:
    pytest.importorskip("keras")
    model = importlib.import_module(f"ml.nets.{spec.arch}").build(**spec.arch_args)
    with np.load(WEIGHTS / spec.keras, allow_pickle=False) as arrays:
        model.set_weights([arrays[name].astype(np.float32) for name in sorted(arrays.files)])
    return model


def _input(spec: NetworkSpec, model: Any) -> F32:
    shape = (1, *(side or OPEN_SIDE for side in model.inputs[0].shape[1:]))
    rng = np.random.default_rng(7)
    if len(shape) == 2:
        return rng.standard_normal(shape, np.float32)
    pixels = rng.uniform(0, 255, shape)
    return np.asarray((pixels - np.asarray(spec.input.mean)) * spec.input.scale, np.float32)


@pytest.mark.parametrize("key", sorted(SPECS))
def test_litert_agrees_with_keras(key: str) -> None:
    spec = SPECS[key]
    model = _keras(spec)
    x = _input(spec, model)
    expected = {name: np.asarray(value) for name, value in model(x, training=False).items()}
    found = LiteRtNetwork(spec, WEIGHTS, threads=1).run(x)
    assert set(found) == set(expected) == set(spec.outputs)
    for name, value in expected.items():
        assert found[name].shape == value.shape, name
        varied = np.ptp(value) > 0 if value.size > 1 else 0 < value.item() < 1
        assert varied, f"{name} is constant: the comparison would prove nothing"
        assert np.abs(found[name] - value).max() <= TOLERANCE * max(1.0, float(np.abs(value).max())), name


@pytest.mark.parametrize("key", sorted(SPECS))
def test_files_have_the_hashes_of_the_manifest(key: str) -> None:
    spec = SPECS[key]
    assert sha256_of(WEIGHTS / spec.file) == spec.sha256
    assert sha256_of(WEIGHTS / spec.keras) == spec.keras_sha256


@pytest.mark.parametrize("key", sorted(SPECS))
def test_the_declared_size_is_the_one_of_the_graph(key: str) -> None:
    spec = SPECS[key]
    if spec.input.size is None:
        pytest.skip("takes any size")
    channels = 1 if spec.input.colour == "gray" else 3
    assert tuple(_keras(spec).inputs[0].shape[1:]) == (*spec.input.size, channels)

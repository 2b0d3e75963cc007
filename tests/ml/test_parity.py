"""The LiteRT file and the Keras graph of every network give the same answers, from the committed files alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.align import crop_matrix, prepare, warp
from ml.images import decode
from ml.manifest import NetworkSpec, load, sha256_of
from ml.runtime import LiteRtNetwork
from ml.types import F32, Face

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights"
SPECS = {key: spec for key, spec in load(WEIGHTS / "manifest.toml").networks.items() if spec.precision == "float32"}
"""Those in eight bits have the same files (tests/ml/test_eightbit.py)."""
TOLERANCE = 2e-4  # of the largest value of the output, at least 1
OF_OUTPUT = {("facepoints", "mesh"): 5e-4, ("facepoints", "points68"): 1e-3, ("facepoints", "points76"): 1e-3}
"""By graph and output. Points in 0..1 of the crop: a fifth of a pixel; cuts and maps magnify what the runtimes round differently."""
_BOX_XYXY = (181.4, 63.9, 265.0, 171.3)
_POINTS_XY = ((203.5, 100.2), (245.3, 102.4), (224.0, 126.7), (201.6, 138.2), (244.4, 140.4))
FACE = Face(np.array(_BOX_XYXY, np.float32), 1.0, np.array(_POINTS_XY, np.float32))
"""The astronaut's."""
OPEN_SIDE = 64

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow warns about itself


def _keras(spec: NetworkSpec) -> Any:
    pytest.importorskip("keras")
    from ml.runtime_keras import load_model  # noqa: PLC0415

    return load_model(spec, WEIGHTS)


def astronaut(spec: NetworkSpec) -> F32:
    """The astronaut's face as the network takes it, or the photograph for one that takes any."""
    photo = decode((ROOT / "static" / "samples" / "astronaut.jpg").read_bytes())
    if spec.input.size is None or spec.input.align == "none":
        return prepare(spec.input, photo.rgb_u8)
    matrix = crop_matrix(spec.input, FACE, photo.rgb_u8.shape[:2])
    return prepare(spec.input, warp(photo.rgb_u8, matrix, spec.input.fixed_size))


def _input(spec: NetworkSpec, model: Any) -> F32:
    shape = (1, *(side or OPEN_SIDE for side in model.inputs[0].shape[1:]))
    rng = np.random.default_rng(7)
    if len(shape) == 2:
        return rng.standard_normal(shape, np.float32)
    if spec.input.size is not None and spec.input.align != "none":
        return astronaut(spec)
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
        assert np.abs(found[name] - value).max() <= OF_OUTPUT.get((spec.arch, name), TOLERANCE) * max(
            1.0, float(np.abs(value).max())
        ), name


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

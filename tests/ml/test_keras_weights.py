"""Weights of a Keras graph: taken out of the LiteRT file where it holds them, whatever the order of their axes."""

import io
from pathlib import Path

import numpy as np
import pytest

from ml import keras_weights
from ml.types import F32

LITERT = (Path(__file__).parents[2] / "weights" / "mtcnn-onet-1.0.0.tflite").read_bytes()
HELD = max((values for values in keras_weights.constants(LITERT).values()), key=len)
SIDES = (len(HELD) // 64, 8, 8)
OTHER = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    ("weights", "stored"),
    [
        ([], 0),
        ([HELD], 0),
        ([HELD.reshape(SIDES)], 0),
        ([HELD.reshape(SIDES).transpose(2, 0, 1)], 0),
        ([OTHER], 1),
        ([OTHER, HELD.reshape(-1, 64).T, OTHER + 1], 2),
        ([np.nextafter(HELD, np.inf)], 1),
        ([np.asarray(np.float32(0.25))], 1),
        ([np.float32(0.5).reshape(1, 1, 1, 1, 1)], 1),
    ],
    ids=[
        "none",
        "held",
        "held in three axes",
        "held, turned",
        "not held",
        "mixed",
        "nearly held",
        "scalar",
        "five axes",
    ],
)
def test_what_is_written_is_read_and_only_what_is_missing_is_stored(weights: list[F32], stored: int) -> None:
    npz = keras_weights.write(weights, LITERT, float16=False)
    assert npz == keras_weights.write(weights, LITERT, float16=False)
    with np.load(io.BytesIO(npz)) as archive:
        assert len(archive.files) == 1 + stored
    found = keras_weights.read(npz, LITERT, [weight.shape for weight in weights])
    assert all(
        np.array_equal(one, other) and one.dtype == np.float32 for one, other in zip(found, weights, strict=True)
    )


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "shorter"),
        ([HELD.shape], "shorter"),
        ([HELD.shape, (3, 2)], "shape"),
        ([(*HELD.shape, 2), OTHER.shape], "reshape|axes"),
        ([HELD.shape, OTHER.shape, OTHER.shape], "longer"),
    ],
    ids=["none", "too few", "other shape of a stored one", "other shape of a held one", "too many"],
)
def test_weights_for_another_graph_are_refused(shapes: list[tuple[int, ...]], message: str) -> None:
    npz = keras_weights.write([HELD, OTHER], LITERT)
    with pytest.raises(ValueError, match=message):
        keras_weights.read(npz, LITERT, shapes)


def test_an_npz_beside_another_file_is_refused() -> None:
    other = (Path(__file__).parents[2] / "weights" / "mini-xception-1.0.0.tflite").read_bytes()
    with pytest.raises(ValueError, match=r"neither|reshape"):
        keras_weights.read(keras_weights.write([HELD], LITERT), other, [HELD.shape])


def test_an_npz_without_places_is_refused() -> None:
    content = io.BytesIO()
    np.savez(content, OTHER)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        keras_weights.read(content.getvalue(), LITERT, [OTHER.shape])

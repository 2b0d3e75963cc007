"""The lower blocks of the trunk stay as published; what they make of every image is computed once and kept.

Training the rest then costs a fraction of training the whole: on two shared cores that is the difference between some epochs and none.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np

from ml.nets.mobilenet import MEAN_BGR
from ml.training import augment
from ml.training.batches import Faces
from ml.training.corpus import I64, SOURCES
from ml.training.export import export
from ml.types import F32, RgbU8

CUT: Final = "conv_pw_11_relu"
"""The layer whose output is kept: 8x8x512 for an input of 128 pixels."""
_CHUNK: Final = 2048


def split(model: keras.Model, side: int, cut: str = CUT) -> tuple[keras.Model, keras.Model]:
    """(input -> output of `cut`, that output -> the model's outputs); both share the model's weights."""
    lower = keras.Model(model.input, model.get_layer(cut).output)
    inputs = keras.Input(lower.compute_output_shape((None, side, side, 3))[1:], name="stem")
    names = [layer.name for layer in model.layers]
    x, outputs = inputs, {}
    for layer in model.layers[names.index(cut) + 1 :]:
        if layer.name in model.output:
            outputs[layer.name] = layer(x)
        else:
            x = layer(x)
    return lower, keras.Model(inputs, outputs, name="top")


class Stem:
    """The lower blocks in LiteRT, which runs them faster than TensorFlow does; one interpreter per thread."""

    def __init__(self, lower: keras.Model, side: int, work_dir: Path) -> None:
        self._path = work_dir / f"stem-{side}.tflite"
        inputs = keras.Input((side, side, 3))
        export(keras.Model(inputs, lower(inputs)), self._path, ["stem"], float16=False)
        self._local = threading.local()

    def run(self, crop_u8: RgbU8) -> F32:
        """One crop (side, side, 3) -> (h, w, c)."""
        interpreter = self._interpreter()
        index = interpreter.get_input_details()[0]["index"]
        interpreter.set_tensor(index, augment.network_input(crop_u8[None], MEAN_BGR))
        interpreter.invoke()
        result: F32 = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        return result

    def _interpreter(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  its library and TensorFlow's load in this order

        if not hasattr(self._local, "interpreter"):
            self._local.interpreter = Interpreter(model_path=str(self._path), num_threads=1)
            self._local.interpreter.allocate_tensors()
        return self._local.interpreter


def cached(
    stem: Stem,
    faces: Faces,
    rows: I64,
    *,
    side: int,
    margin: float,
    path: Path,
    shape: tuple[int, int, int],
    seed: int | None,
) -> Any:
    """(n, h, w, c) float16 of the given images in a file at `path`; goes on where it was interrupted.

    With a seed every image is augmented in its own way, without one it is the crop that serving takes.
    """
    done_path = path.with_suffix(".done")
    done = int(done_path.read_text()) if done_path.exists() else 0
    values = np.memmap(path, np.float16, "r+" if done else "w+", shape=(len(rows), *shape))
    cv2.setNumThreads(1)

    def fill(place: int) -> None:
        values[place] = stem.run(_crop(faces, int(rows[place]), side, margin, seed))

    with ThreadPoolExecutor(2) as pool:
        for start in range(done, len(rows), _CHUNK):
            stop = min(start + _CHUNK, len(rows))
            list(pool.map(fill, range(start, stop)))
            values.flush()
            done_path.write_text(str(stop))
            print(f"{path.name}: {stop} of {len(rows)}", flush=True)
    return values


def _crop(faces: Faces, row: int, side: int, margin: float, seed: int | None) -> RgbU8:
    if seed is None:
        return faces.crop(row, side, margin)
    rng = np.random.default_rng((seed, row))
    gray = faces.corpus.labels.source[row] == SOURCES.index("fer2013")
    how = augment.GRAY48 if gray else augment.COLOUR
    crop = augment.framed(faces.corpus.image(row), faces.face(row), side, margin, rng=rng, how=how)
    return augment.spoilt(crop, rng, how)

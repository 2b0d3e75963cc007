"""The weights of a network's Keras graph: most are in its LiteRT file already, an npz beside it holds the rest.

The npz has one array per weight that the LiteRT file lacks, "0000", "0001", … in the order of `get_weights`, and an array `places`
(n, 1 + 4): the number of the tensor that holds the weight, then the order in which it holds the axes; -1 where there is none.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ml.types import F32

_PLACES: Final = "places"
_AXES: Final = 4
_DTYPES: Final = {schema.TensorType.FLOAT16: "<f2", schema.TensorType.FLOAT32: "<f4"}


def read(npz: bytes, litert: bytes, shapes: Iterable[tuple[int, ...]]) -> list[F32]:
    """Weights of these shapes in their order, float32; ValueError when the files hold others."""
    tensors = constants(litert)
    with np.load(io.BytesIO(npz), allow_pickle=False) as archive:
        stored = {name: archive[name].astype(np.float32) for name in archive.files}
    places = stored.pop(_PLACES, np.zeros((0, 1 + _AXES))).astype(int)
    weights = []
    for index, ((tensor, *order), shape) in enumerate(zip(places.tolist(), shapes, strict=True)):
        axes = order[: len(shape)]
        held = stored.get(_name(index)) if tensor < 0 else tensors.get(tensor)
        if held is None:
            raise ValueError(f"weight {index} is in neither file")
        if tensor >= 0:
            held = held.reshape([shape[axis] for axis in axes]).transpose(np.argsort(axes))
        if held.shape != tuple(shape):
            raise ValueError(f"weight {index} has the shape {held.shape}, not {tuple(shape)}")
        weights.append(np.asarray(held, order="C"))
    return weights


def write(weights: Sequence[F32], litert: bytes, *, float16: bool = True) -> bytes:
    """The npz for these weights beside that file; equal weights and files always give equal bytes."""
    by_size: dict[int, list[tuple[int, F32]]] = {}
    for number, values in constants(litert).items():
        by_size.setdefault(values.size, []).append((number, values))
    places = np.array([_place(weight, by_size.get(weight.size, ())) for weight in weights], "<i2").reshape(
        -1, 1 + _AXES
    )
    arrays: dict[str, Any] = {_PLACES: places}
    for index in np.flatnonzero(places[:, 0] < 0).tolist():
        arrays[_name(index)] = np.asarray(weights[index], dtype="<f2" if float16 else "<f4", order="C")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            # A fixed date: numpy.savez would write the time and change the hash of unchanged weights.
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array)
            archive.writestr(entry, buffer.getvalue())
    return content.getvalue()


def constants(litert: bytes) -> dict[int, F32]:
    """Tensor number -> its values, flat, of every constant of floats in a LiteRT file."""
    model = schema.Model.GetRootAs(litert, 0)
    graph = model.Subgraphs(0)
    found: dict[int, F32] = {}
    for number in range(graph.TensorsLength()):
        tensor = graph.Tensors(number)
        buffer = model.Buffers(tensor.Buffer())
        if tensor.Type() in _DTYPES and buffer.DataLength():
            found[number] = buffer.DataAsNumpy().view(_DTYPES[tensor.Type()]).astype(np.float32)
    return found


def _name(index: int) -> str:
    return f"{index:04d}"


def _place(weight: F32, candidates: Sequence[tuple[int, F32]]) -> list[int]:
    if weight.ndim <= _AXES:
        for axes in permutations(range(weight.ndim)):
            turned = weight.transpose(axes).ravel()
            for number, values in candidates:
                if np.array_equal(turned, values):
                    return [number, *axes, *[-1] * (_AXES - weight.ndim)]
    return [-1] * (1 + _AXES)

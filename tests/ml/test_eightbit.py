"""Convolutions in eight bits: what is rounded, what stays, and that answers hardly change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from ml.eightbit import FEWEST, eight_bit
from ml.manifest import load, sha256_of, spec_of
from ml.runtime import LiteRtNetwork
from tests.ml.test_parity import WEIGHTS, astronaut

SPECS = load(WEIGHTS / "manifest.toml").networks
EIGHT = sorted(key for key, spec in SPECS.items() if spec.precision == "int8")


def _file(name: str) -> bytes:
    return (WEIGHTS / name).read_bytes()


def _kernels(litert: bytes) -> list[tuple[int, int]]:
    """(type, size) of the kernel of every ordinary convolution."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(litert, 0))
    graph = model.subgraphs[0]
    kernels = [
        graph.tensors[operator.inputs[1]]
        for operator in graph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode == schema.BuiltinOperator.CONV_2D
    ]
    return [(kernel.type, int(np.prod(kernel.shape))) for kernel in kernels]


def _run(litert: bytes) -> np.ndarray:
    interpreter = Interpreter(model_content=litert, num_threads=1)
    detail = interpreter.get_input_details()[0]
    interpreter.allocate_tensors()
    shape = interpreter.get_input_details()[0]["shape"]
    interpreter.set_tensor(detail["index"], np.random.default_rng(3).normal(size=shape).astype(np.float32))
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


@pytest.mark.parametrize(
    ("name", "rounded"),
    [
        ("dcgan-2.0.0.tflite", 0),  # no ordinary convolution
        ("mtcnn-pnet-1.0.0.tflite", 2),  # kept as float32; three kernels are too small
        ("expression-3.0.0.tflite", 6),  # kept as float16; the first kernel is too small
    ],
)
def test_large_kernels_are_rounded_and_nothing_else(name: str, rounded: int) -> None:
    before, after = _kernels(_file(name)), _kernels(eight_bit(_file(name)))
    expected = [kind == schema.TensorType.INT8 for kind, _ in after]
    assert [size >= FEWEST for _, size in before] == expected
    assert sum(expected) == rounded


@pytest.mark.parametrize("name", ["dcgan-2.0.0.tflite", "expression-3.0.0.tflite", "face-1.9.0.tflite"])
def test_doing_it_twice_changes_nothing_more(name: str) -> None:
    once = eight_bit(_file(name))
    np.testing.assert_array_equal(_run(once), _run(eight_bit(once)))


def test_a_file_shrinks_by_what_it_held_before() -> None:
    assert len(eight_bit(_file("scrfd-1.0.0.tflite"))) < 0.6 * len(_file("scrfd-1.0.0.tflite"))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"x" * 1000])
def test_what_is_no_litert_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no LiteRT file"):
        eight_bit(content)


@pytest.mark.parametrize("key", EIGHT)
def test_answers_are_nearly_those_of_float32(key: str) -> None:
    spec = SPECS[key]
    twin = SPECS[key.removesuffix("-int8")]
    assert (spec.file, twin.precision) == (twin.file, "float32")
    x = astronaut(spec)
    exact, found = (LiteRtNetwork(one, WEIGHTS, threads=1).run(x) for one in (twin, spec))
    for name, value in exact.items():
        apart = float(np.abs(found[name] - value).max())
        assert 0 < apart < 0.08 * max(1.0, float(np.abs(value).max())), name


@pytest.mark.parametrize("key", EIGHT)
def test_a_run_repeats_to_the_bit_on_any_number_of_threads(key: str) -> None:
    network = LiteRtNetwork(SPECS[key], WEIGHTS, threads=2)
    x = astronaut(SPECS[key])
    first = network.run(x)
    for threads in (1, 2):
        again = network.run(x, threads)
        assert all(np.array_equal(first[name], again[name]) for name in first)


def test_the_manifest_knows_two_precisions(tmp_path: Path) -> None:
    path = tmp_path / "n.tflite"
    path.write_bytes(b"")
    entry = {"name": "n", "version": "1", "file": path.name, "sha256": sha256_of(path), "outputs": ["y"], "input": {}}
    assert _precision(entry) == "float32"
    assert _precision({**entry, "precision": "int8"}) == "int8"
    with pytest.raises(TypeError, match="precision is one of float32, int8"):
        spec_of({**entry, "precision": "int4"})


def _precision(entry: Mapping[str, Any]) -> str:
    return spec_of(entry).precision

"""The most multiply-adds per second that this machine gives through LiteRT and XNNPACK: large matrix products as networks of one layer.

The file of such a network, a convolution of 1x1 pixels, is written here, with the schema that the LiteRT package ships: nothing else is
needed. In int8 it is rounded as the served networks are.
"""

import math
import statistics
import time
from typing import Any, Final

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from ml.eightbit import in_precision
from ml.manifest import Precision

SHAPES: Final = ((256, 512, 512), (512, 512, 512), (512, 1024, 1024), (3136, 256, 256), (784, 512, 512))
"""Rows, inputs and outputs of the products; the last two are what 1x1 convolutions of 56x56 and 28x28 pixels do."""
SECONDS: Final = 0.4


def product(rows: int, inputs: int, outputs: int) -> bytes:
    """A LiteRT file of one convolution in float32 with random weights: (1, rows, 1, inputs) -> (1, rows, 1, outputs)."""
    weights = np.random.default_rng(1).standard_normal((outputs, 1, 1, inputs)).astype(np.float32)
    model = schema.ModelT()
    model.version = 3
    model.buffers = [_buffer(None), _buffer(weights), _buffer(np.zeros(outputs, np.float32))]
    model.operatorCodes = [_code(schema.BuiltinOperator.CONV_2D)]
    graph = schema.SubGraphT()
    graph.tensors = [
        _tensor("in", (1, rows, 1, inputs), 0),
        _tensor("weights", weights.shape, 1),
        _tensor("bias", (outputs,), 2),
        _tensor("out", (1, rows, 1, outputs), 0),
    ]
    graph.inputs, graph.outputs, graph.operators = [0], [3], [_operator()]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(weights.nbytes + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def peak(threads: int, precision: Precision, seconds: float = SECONDS) -> dict[str, Any]:
    """Billions of multiply-adds per second of each product, and the best of them."""
    rates = {
        f"{rows}x{inputs}x{outputs}": _rate((rows, inputs, outputs), precision, threads, seconds)
        for rows, inputs, outputs in SHAPES
    }
    return {"threads": threads, "precision": precision, "gmac_per_second": rates, "best": max(rates.values())}


def times(interpreter: Interpreter, runs: int, seconds: float = 0.0) -> list[float]:
    """Milliseconds of at least so many runs, for at least so long; a few more warm up."""
    for _ in range(3):
        interpreter.invoke()
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while len(taken) < runs or time.perf_counter() < until:
        start = time.perf_counter()
        interpreter.invoke()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def _rate(shape: tuple[int, int, int], precision: Precision, threads: int, seconds: float) -> float:
    interpreter = Interpreter(model_content=in_precision(product(*shape), precision), num_threads=threads)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    interpreter.set_tensor(detail["index"], np.random.default_rng(2).uniform(-1, 1, detail["shape"]).astype(np.float32))
    return round(math.prod(shape) / statistics.median(times(interpreter, 5, seconds)) / 1e6, 2)


def _buffer(values: "np.ndarray[Any, Any] | None") -> Any:
    buffer = schema.BufferT()
    buffer.data = None if values is None else np.frombuffer(values.tobytes(), np.uint8)
    return buffer


def _code(builtin: int) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = 1
    return code


def _tensor(name: str, shape: tuple[int, ...], buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(shape), buffer
    tensor.type = schema.TensorType.FLOAT32
    return tensor


def _operator() -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    operator.builtinOptions = schema.Conv2DOptionsT()
    operator.builtinOptions.strideW = operator.builtinOptions.strideH = 1
    operator.builtinOptions.padding = schema.Padding.VALID
    return operator

"""Convolutions in eight bits: a LiteRT file whose larger kernels are rounded to int8 as it is loaded.

Each output channel has a scale of its own; XNNPACK rounds a layer's input to eight bits by its range in that run, multiplies integers and
goes on in float32 ("dynamic range", after Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", 2018). Nothing is calibrated on images, and the file stays what the reference runtime reads.
"""

from collections.abc import Iterator
from typing import Any, Final

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from ml.manifest import Precision
from ml.types import F32

FEWEST: Final = 1024
"""Numbers of a kernel; smaller ones stay: they see many pixels in few channels, and rounding those costs more than it saves."""
_LEVELS: Final = 127
_MAGIC: Final = b"TFL3"
_STORED: Final = {schema.TensorType.FLOAT16: "<f2", schema.TensorType.FLOAT32: "<f4"}


def in_precision(litert: bytes, precision: Precision) -> bytes:
    """The file as it is counted: in float32 as it is, in int8 rounded. Raises ValueError as `eight_bit`."""
    return eight_bit(litert) if precision == "int8" else litert


def eight_bit(litert: bytes) -> bytes:
    """The file with int8 kernels in its convolutions of FEWEST weights and more; others, depthwise and dense layers stay as they are.

    Raises ValueError when it is no LiteRT file.
    """
    if litert[4:8] != _MAGIC:
        raise ValueError("this is no LiteRT file")
    graph = _Graph(litert)
    for convolution in graph.convolutions():
        _, kernel, *bias = convolution.inputs
        weights = graph.constant(kernel)
        if weights is not None and weights.size >= FEWEST:
            convolution.inputs = [convolution.inputs[0], graph.rounded(kernel, weights), *map(graph.plain, bias)]
    return graph.packed()


def _split(kernel: F32) -> tuple[npt.NDArray[np.int8], F32]:
    """(channels, …) -> integers and the scale (channels,) of each channel."""
    rows = kernel.reshape(len(kernel), -1)
    scales = np.maximum(np.abs(rows).max(axis=1) / _LEVELS, np.finfo(np.float32).tiny).astype(np.float32)
    return np.rint(rows / scales[:, None]).astype(np.int8), scales


class _Graph:
    """A file that is being changed."""

    def __init__(self, litert: bytes) -> None:
        self._model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(litert, 0))
        self._graph = self._model.subgraphs[0]
        widening = self._of_kind(schema.BuiltinOperator.DEQUANTIZE)
        self._widened = {int(operator.outputs[0]): operator for operator in widening}
        self._instead: dict[int, int] = {}

    def convolutions(self) -> Iterator[Any]:
        """Its ordinary convolutions."""
        return self._of_kind(schema.BuiltinOperator.CONV_2D)

    def constant(self, tensor: int) -> F32 | None:
        """A constant's values, kept as float32 or widened from float16; None if it is no such constant."""
        found = self._graph.tensors[self._source(tensor)]
        data = self._model.buffers[found.buffer].data
        if found.type not in _STORED or data is None or not len(data):
            return None
        return np.asarray(data, np.uint8).view(_STORED[found.type]).astype(np.float32).reshape(found.shape)

    def rounded(self, tensor: int, values: F32) -> int:
        """The number of the constant of these values in int8."""
        if tensor not in self._instead:
            integers, scales = _split(values)
            quantization = schema.QuantizationParametersT()
            quantization.scale, quantization.zeroPoint = scales, np.zeros(len(scales), np.int64)
            self._instead[tensor] = self._added(tensor, schema.TensorType.INT8, integers.view(np.uint8), quantization)
        return self._instead[tensor]

    def plain(self, tensor: int) -> int:
        """The number of the same constant in float32, as LiteRT wants a bias beside integers."""
        if tensor in self._widened and tensor not in self._instead:
            values = self.constant(tensor)
            if values is None:
                raise ValueError(f"tensor {tensor} is no constant of floats")
            self._instead[tensor] = self._added(tensor, schema.TensorType.FLOAT32, values.view(np.uint8))
        return self._instead.get(tensor, tensor)

    def packed(self) -> bytes:
        """The file as it is now, without what nothing reads any more."""
        graph = self._graph
        read = {int(tensor) for operator in graph.operators for tensor in operator.inputs}
        unread = {tensor for tensor in self._instead if tensor in self._widened and tensor not in read}
        for tensor in unread:
            self._model.buffers[graph.tensors[self._source(tensor)].buffer].data = None
        graph.operators = [one for one in graph.operators if int(one.outputs[0]) not in unread]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self._model.Pack(builder), _MAGIC)
        return bytes(builder.Output())

    def _of_kind(self, kind: int) -> Iterator[Any]:
        codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in self._model.operatorCodes]
        return (operator for operator in self._graph.operators if codes[operator.opcodeIndex] == kind)

    def _source(self, tensor: int) -> int:
        return int(self._widened[tensor].inputs[0]) if tensor in self._widened else int(tensor)

    def _added(self, like: int, kind: int, content: npt.NDArray[np.uint8], quantization: Any = None) -> int:
        old, tensor, buffer = self._graph.tensors[like], schema.TensorT(), schema.BufferT()
        buffer.data = content.ravel()
        self._model.buffers.append(buffer)
        tensor.name, tensor.shape, tensor.type, tensor.hasRank = old.name, old.shape, kind, True
        tensor.buffer, tensor.quantization = len(self._model.buffers) - 1, quantization
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

"""Multiply-adds of a LiteRT file, counted from its operations and the shapes of their tensors; nothing is run.

Counted: convolutions, depthwise and transposed ones, fully connected layers and matrix products. Activations, pooling, additions and
sampling are not: they are small beside these, and what they take counts against the network in the share that it reaches.
"""

import math
from collections.abc import Sequence
from typing import Any

from ai_edge_litert.interpreter import Interpreter, OpResolverType


def multiply_adds(content: bytes, shape: Sequence[int] | None = None) -> int:
    """For one run of the file at its own input shape, or at `shape`."""
    # Without XNNPACK, which would replace the operations by one of its own that tells nothing.
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    if shape is not None:
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], list(shape))
    interpreter.allocate_tensors()
    shapes = {detail["index"]: [int(side) for side in detail["shape"]] for detail in interpreter.get_tensor_details()}
    return sum(_of(operation, shapes) for operation in interpreter._get_ops_details())  # noqa: SLF001  there is no public door


def _of(operation: dict[str, Any], shapes: dict[int, list[int]]) -> int:
    inputs = [shapes.get(int(index), []) for index in operation["inputs"]]
    output = math.prod(shapes[int(operation["outputs"][0])])
    match operation["op_name"]:
        case "CONV_2D":  # weights: out, height, width, in (of the group)
            return output * math.prod(inputs[1][1:])
        case "DEPTHWISE_CONV_2D":  # weights: 1, height, width, channels
            return output * inputs[1][1] * inputs[1][2]
        case "FULLY_CONNECTED":  # weights: out, in
            return output * inputs[1][-1]
        case "TRANSPOSE_CONV":  # shape, weights: out, height, width, in; the picture
            return math.prod(inputs[2]) * math.prod(inputs[1][:3])
        case "BATCH_MATMUL":
            return output * inputs[0][-1]
        case _:
            return 0

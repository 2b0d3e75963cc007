"""From a Keras network to the two files that are served: LiteRT with float16 weights, and an npz with what a Keras graph needs besides.

Both runtimes take exactly the float16 values, so they differ by the order of additions only; `export` refuses a file whose
outputs differ more than that.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml import keras_weights
from ml.types import F32

TOLERANCE: Final = 1e-4
"""Largest difference between the runtimes allowed, relative to the largest value of the output (at least 1)."""
_PROBE_SIDE: Final = 64  # side of the probe image where the network leaves height and width open


def round_to_float16(model: keras.Model) -> None:
    """Round all weights in place to values float16 can hold; ValueError if one is too large."""
    rounded = [weight.astype(np.float16).astype(np.float32) for weight in model.get_weights()]
    if not all(np.isfinite(weight).all() for weight in rounded):
        raise ValueError(f"{model.name} has weights beyond the range of float16")
    model.set_weights(rounded)


def export(
    model: keras.Model,
    path: Path,
    outputs: Sequence[str],
    *,
    batch: int | None = 1,
    float16: bool = True,
    probe: F32 | None = None,
    tolerance: float = TOLERANCE,
) -> list[str]:
    """Write a LiteRT file and return the names of its outputs in the order of its get_output_details().

    The model has one input; open dimensions of it stay open (batch None opens the batch too). `outputs` names what the
    model returns: the keys of its dict, or one name for a single tensor. With float16 the model's weights are rounded in place
    first. `probe` is the input on which both are compared, noise when None. Raises ValueError when an output of the file differs from
    Keras by more than `tolerance` or cannot be told from another.
    """
    if float16:
        round_to_float16(model)
    shape = (batch, *model.inputs[0].shape[1:])
    function = tf.function(
        lambda x: _named(model(x, training=False), outputs),
        input_signature=[tf.TensorSpec(shape, tf.float32, name="input")],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([_frozen(function.get_concrete_function())])
    if float16:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(converter.convert())
    return _checked_order(model, path, outputs, _probe(shape) if probe is None else probe, tolerance)


def save_weights(model: keras.Model, path: Path, *, float16: bool = True) -> None:
    """Write the npz of a model whose LiteRT file, of the same stem, is there already (ml.keras_weights)."""
    content = keras_weights.write(model.get_weights(), path.with_suffix(".tflite").read_bytes(), float16=float16)
    path.write_bytes(content)


def load_weights(model: keras.Model, path: Path) -> None:
    """Fill the model from an npz of save_weights and the LiteRT file beside it; ValueError when number or shapes differ."""
    shapes = (weight.shape for weight in model.weights)
    model.set_weights(keras_weights.read(path.read_bytes(), path.with_suffix(".tflite").read_bytes(), shapes))


def run_litert(path: Path, x: F32) -> list[F32]:
    """Outputs of a LiteRT file for x, in the order of get_output_details(); an open input is resized to x."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  its library and TensorFlow's load in this order

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    detail = interpreter.get_input_details()[0]
    if tuple(detail["shape"]) != x.shape:
        interpreter.resize_tensor_input(detail["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(detail["index"], x)
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


def difference(value: F32, reference: F32) -> float:
    """Largest absolute difference relative to the reference's largest value (at least 1); infinite when the shapes differ."""
    if value.shape != reference.shape:
        return float("inf")
    return float(np.abs(value - reference).max() / max(1.0, float(np.abs(reference).max())))


def _frozen(function: Any) -> Any:
    """The concrete function with its variables as constants: LiteRT would keep them as variables and never fill them."""
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415  no public name for it
        convert_variables_to_constants_v2,
    )

    return convert_variables_to_constants_v2(function)


def _named(result: Any, outputs: Sequence[str]) -> dict[str, Any]:
    if isinstance(result, Mapping):
        if set(result) != set(outputs):
            raise ValueError(f"the model returns {sorted(result)}, not {sorted(outputs)}")
        return dict(result)
    if len(outputs) != 1:
        raise ValueError("a model of several outputs must return them in a dict")
    return {outputs[0]: result}


def _probe(shape: tuple[int | None, ...]) -> F32:
    batch, *rest = shape
    sizes = (batch or 1, *(side or _PROBE_SIDE for side in rest))
    return np.random.default_rng(0).uniform(-1, 1, sizes).astype(np.float32)


def _checked_order(model: keras.Model, path: Path, outputs: Sequence[str], x: F32, tolerance: float) -> list[str]:
    expected = {name: np.asarray(value) for name, value in _named(model(x, training=False), outputs).items()}
    order: list[str] = []
    for found in run_litert(path, x):
        fits = [name for name, value in expected.items() if difference(found, value) <= tolerance]
        if len(fits) != 1:
            worst = {name: difference(found, value) for name, value in expected.items()}
            raise ValueError(f"{path.name}: output {len(order)} fits {fits or 'none'} of the outputs: {worst}")
        order += fits
    if sorted(order) != sorted(outputs):
        raise ValueError(f"{path.name} has the outputs {order}, expected {sorted(outputs)}")
    return order

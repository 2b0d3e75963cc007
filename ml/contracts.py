"""What the outputs of a network must look like before it may answer a task."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.active import SWITCHABLE, SYNTHESIS, can_answer, outputs_of
from ml.generation import LATENT
from ml.manifest import NetworkSpec
from ml.types import F32

_SUM_TOLERANCE: Final = 0.02
_FREE: Final = (1, 8192)  # any number of elements


class Unfit(ValueError):  # noqa: N818
    """The network does not keep the contract; the message says where."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Sizes of an output without its batch as (fewest, most), and the range of its values; shares sum to 1."""

    sizes: tuple[tuple[int, int], ...]
    low: float
    high: float
    shares: bool = False


def _exactly(*sizes: int) -> tuple[tuple[int, int], ...]:
    return tuple((size, size) for size in sizes)


_POINTS: Final = (-2.0, 3.0)  # in widths of the crop; a point may lie outside, but not far
CONTRACTS: Final = {
    "age": Contract(_exactly(101), 0, 1, shares=True),
    "gender": Contract(_exactly(1), 0, 1),
    "emotion": Contract(_exactly(7), 0, 1, shares=True),
    "emotion_fer2013": Contract(_exactly(7), 0, 1, shares=True),
    "attributes": Contract(_exactly(40), 0, 1),
    "mask": Contract(_exactly(1), 0, 1),
    "mesh": Contract(((468, 468), (2, 3)), *_POINTS),
    "points68": Contract(((68, 68), (2, 3)), *_POINTS),
    "points76": Contract(((76, 76), (2, 3)), *_POINTS),
    "embedding": Contract(((16, 4096),), -1e6, 1e6),
    "image": Contract((_FREE, _FREE, (3, 3)), -1, 1),
}


def check_description(spec: NetworkSpec, tasks: tuple[str, ...]) -> None:
    """Raises Unfit when the description alone rules the network out."""
    if not tasks:
        raise Unfit("No task is named.")
    unknown = [task for task in tasks if task not in SWITCHABLE]
    if unknown:
        raise Unfit(f"{', '.join(unknown)} cannot be answered by a network that is added; {', '.join(SWITCHABLE)} can.")
    for task in tasks:
        if not can_answer(spec, task):
            wanted = outputs_of(task)
            raise Unfit(
                f"{task} needs the outputs {', '.join(wanted)}; described are {', '.join(spec.outputs) or 'none'}."
            )
    if SYNTHESIS in tasks and len(tasks) > 1:
        raise Unfit("A network that makes faces cannot answer other tasks.")
    if (spec.input.size is None) != (SYNTHESIS in tasks):
        raise Unfit("The input needs a size (height, width); only a network for synthesis has none.")


def input_shape(spec: NetworkSpec) -> tuple[int, ...]:
    """Shape of one input: (1, height, width, channels), or (1, 100) random numbers for synthesis."""
    if spec.input.size is None:
        return (1, LATENT)
    return (1, *spec.input.size, 1 if spec.input.colour == "gray" else 3)


def check_shape(name: str, shape: tuple[int, ...]) -> None:
    """Raises Unfit when the output of that name may not have the shape (with its batch of 1)."""
    contract = CONTRACTS.get(name)
    if contract is None:
        return
    fits = len(shape) == len(contract.sizes) + 1 and shape[0] == 1
    if not fits or not all(low <= size <= high for size, (low, high) in zip(shape[1:], contract.sizes, strict=True)):
        wanted = ", ".join(str(low) if low == high else f"{low} to {high}" for low, high in contract.sizes)
        raise Unfit(f"The output {name} has the shape {list(shape)}; it must be [1, {wanted}].")


def check_values(name: str, values: F32) -> None:
    """Raises Unfit when a value is not a number or outside the output's range."""
    if not np.isfinite(values).all():
        raise Unfit(f"The output {name} is not finite.")
    contract = CONTRACTS.get(name)
    if contract is None:
        return
    slack = 1e-3 * (contract.high - contract.low)
    lowest, highest = float(values.min()), float(values.max())
    if lowest < contract.low - slack or highest > contract.high + slack:
        raise Unfit(
            f"The output {name} lies in {lowest:.4g}..{highest:.4g}; it must lie in {contract.low:g}..{contract.high:g}."
        )
    total = float(values.sum())
    if contract.shares and abs(total - 1) > _SUM_TOLERANCE:
        raise Unfit(f"The output {name} must sum to 1; it sums to {total:.4g}. Is a softmax missing?")

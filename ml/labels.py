"""Networks may give their labels in an order of their own; here it becomes ours."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.errors import NotReady
from ml.manifest import NetworkSpec
from ml.tasks.attributes import ATTRIBUTE_NAMES
from ml.tasks.emotion import EMOTIONS

LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "emotion": EMOTIONS,
    "emotion_fer2013": EMOTIONS,
    "attributes": ATTRIBUTE_NAMES,
}
"""Outputs that have one number per label, and our labels."""


def orders(spec: NetworkSpec) -> dict[str, npt.NDArray[np.intp]]:
    """For each output whose order differs from ours: at which place of the network each of our labels stands. Raises NotReady."""
    found = {output: order_of(output, given) for output, given in spec.labels.items()}
    return {output: order for output, order in found.items() if (order != np.arange(len(order))).any()}


def order_of(output: str, given: tuple[str, ...]) -> npt.NDArray[np.intp]:
    """The places of our labels among the given ones, capitals aside. Raises NotReady when they are not the same labels."""
    if output not in LABELS:
        raise NotReady(f"The output {output} has no labels; those that have some are {', '.join(LABELS)}.")
    ours = [label.lower() for label in LABELS[output]]
    theirs = [label.strip().lower() for label in given]
    if sorted(ours) != sorted(theirs):
        missing, strange = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
        raise NotReady(
            f"The labels of {output} are not ours: missing {', '.join(missing) or 'none'}, unknown {', '.join(strange) or 'none'}, "
            f"{len(theirs)} given, {len(ours)} wanted."
        )
    return np.array([theirs.index(label) for label in ours], np.intp)

"""Which groups a network does worse on than on all images together, by the intervals of its report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

FEWEST: Final = 30
_LESS: Final = ("mae", "nme", "mse")
_NEITHER: Final = ("bias",)
"""Figures of which neither less nor more is better."""


@dataclass(frozen=True, slots=True)
class Weaker:
    """One group: its figure with interval and images, and the figure over all."""

    task: str
    table: str
    group: str
    value: float
    low: float
    high: float
    images: int
    usual: float


def weaker(report: Mapping[str, Any]) -> Iterator[Weaker]:
    """Groups whose interval lies wholly on the worse side. A table "x_by_y" is held against the figure x, "by_y" against "all"."""
    for task, node in report.items():
        if isinstance(node, Mapping):
            for name, groups in node.items():
                base = name.partition("by_")[0].rstrip("_") or "all"
                if "by_" in name and "value" in node.get(base, {}):
                    yield from _of_table(task, name, groups, float(node[base]["value"]))


def _of_table(task: str, name: str, groups: Mapping[str, Any], usual: float) -> Iterator[Weaker]:
    if name.startswith(_NEITHER):
        return
    less = name.startswith(_LESS)
    for group, figure in groups.items():
        if figure.get("images", 0) >= FEWEST and (figure["low"] > usual if less else figure["high"] < usual):
            yield Weaker(task, name, group, figure["value"], figure["low"], figure["high"], figure["images"], usual)

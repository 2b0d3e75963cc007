"""Geometry of the charts of a comparison. No text for users and no colour is decided here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 160.0
HEIGHT: Final = 22.0
_MARGIN: Final = 8.0
CELL: Final = 56.0
LABEL: Final = 74.0
HEAD: Final = 30.0


@dataclass(frozen=True, slots=True)
class Span:
    """The interval of a difference around zero, in units of a viewBox of WIDTH x HEIGHT."""

    zero: float
    low: float
    width: float
    value: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a confusion matrix: its corner, how many, and its share of the row 0..1."""

    x: float
    y: float
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix: rows are what is true, columns what was said."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    rows: tuple[tuple[float, str], ...]
    columns: tuple[tuple[float, str], ...]


def reach(figures: Sequence[Mapping[str, Any]]) -> float:
    """The largest difference that an interval of these figures reaches, so that all are drawn to one scale."""
    ends = [abs(float(figure["difference"].get(end, 0.0))) for figure in figures for end in ("low", "high")]
    return max([*ends, 1e-9])


def span(difference: Mapping[str, float], most: float) -> Span:
    """Where the interval of a difference lies between -most and most."""

    def place(value: float) -> float:
        return round(WIDTH / 2 + min(max(value / most, -1.0), 1.0) * (WIDTH / 2 - _MARGIN), 1)

    low, high = place(difference["low"]), place(difference["high"])
    return Span(place(0.0), low, round(max(high - low, 1.0), 1), place(difference["value"]))


def matrix(labels: Sequence[str], table: Mapping[str, Mapping[str, int]]) -> Matrix:
    """Cells of a table: true label -> said label -> count."""
    cells = []
    for i, truth in enumerate(labels):
        total = sum(table[truth].values()) or 1
        for j, said in enumerate(labels):
            count = table[truth][said]
            cells.append(Cell(LABEL + j * CELL, HEAD + i * CELL, count, round(count / total, 3)))
    places = [(place + 0.5) * CELL for place in range(len(labels))]
    return Matrix(
        width=LABEL + len(labels) * CELL,
        height=HEAD + len(labels) * CELL,
        cells=tuple(cells),
        rows=tuple((HEAD + place, label) for place, label in zip(places, labels, strict=True)),
        columns=tuple((LABEL + place, label) for place, label in zip(places, labels, strict=True)),
    )

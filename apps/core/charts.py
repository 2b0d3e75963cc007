"""Geometry of the small charts on the pages. No text for users and no colour is decided here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

AGE_WIDTH: Final = 300.0
WIDTH: Final = 420.0
HEIGHT: Final = 190.0
_LEFT: Final = 10.0
_TOP: Final = 34.0
_BOTTOM: Final = 158.0


@dataclass(frozen=True, slots=True)
class AgeAxis:
    """An interval on an axis of years; x in units of a viewBox that is AGE_WIDTH wide."""

    low: float
    high: float
    span: float
    value: float
    ticks: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Two step areas over one axis, a limit and a score, in units of a viewBox of WIDTH x HEIGHT."""

    same: str
    different: str
    limit: float
    limit_anchor: str
    score: float
    score_anchor: str
    bottom: float
    top: float
    ticks: tuple[tuple[float, str], ...]


def age_axis(low: float, value: float, high: float, top: float = 100.0) -> AgeAxis:
    """Where an age and its interval lie on 0..top years; values outside are drawn at the ends."""

    def place(years: float) -> float:
        return round(_LEFT + min(max(years, 0.0), top) / top * (AGE_WIDTH - 2 * _LEFT), 1)

    ticks = tuple((place(tick), tick) for tick in range(0, int(top) + 1, 20))
    return AgeAxis(place(low), place(high), round(max(place(high) - place(low), 2.0), 1), place(value), ticks)


def histogram(distributions: Mapping[str, Any], similarity: float) -> Histogram | None:
    """Step areas of {"edges": n+1 numbers, "same": n, "different": n, "threshold": t}; None if that is not what came.

    Each distribution is drawn to its own area, so that the numbers of pairs do not matter.
    """
    edges = [float(edge) for edge in distributions.get("edges", ())]
    same, different = _shares(distributions.get("same", ())), _shares(distributions.get("different", ()))
    if len(edges) < 2 or not len(same) == len(different) == len(edges) - 1:
        return None
    low, high = edges[0], edges[-1]
    peak = max(*same, *different) or 1.0

    def place(value: float) -> float:
        return round(_LEFT + (min(max(value, low), high) - low) / (high - low) * (WIDTH - 2 * _LEFT), 1)

    xs = [place(edge) for edge in edges]
    limit, score = place(float(distributions["threshold"])), place(similarity)
    ticks = tuple((place(tick / 4), f"{tick / 4:g}") for tick in range(-4, 5) if low <= tick / 4 <= high)
    return Histogram(
        same=_steps(xs, same, peak),
        different=_steps(xs, different, peak),
        limit=limit,
        limit_anchor=_anchor(limit),
        score=score,
        score_anchor=_anchor(score),
        bottom=_BOTTOM,
        top=_TOP,
        ticks=ticks,
    )


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts) or 1.0
    return [float(count) / total for count in counts]


def _steps(xs: Sequence[float], shares: Sequence[float], peak: float) -> str:
    ys = [round(_BOTTOM - share / peak * (_BOTTOM - _TOP), 1) for share in shares]
    steps = "".join(f"V{y}H{x}" for y, x in zip(ys, xs[1:], strict=True))
    return f"M{xs[0]} {_BOTTOM}{steps}V{_BOTTOM}Z"


def _anchor(x: float) -> str:
    """Keep a centred text inside the chart."""
    return "start" if x < 60 else "end" if x > WIDTH - 60 else "middle"

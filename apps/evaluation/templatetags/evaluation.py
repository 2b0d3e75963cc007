"""How a comparison is worded: figures with intervals, what each version said, verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template

from apps.core.templatetags.hexaface import words
from apps.evaluation import charts

register = template.Library()

FEWEST: Final = 10
"""Images below which no verdict is given: the bootstrap knows nothing of what it has not seen."""


@register.filter
def shown(figure: Mapping[str, Any], unit: str) -> str:
    """A figure's value: "91.3 %" for a share, "5.36" otherwise."""
    return _number(figure.get("value"), unit)


@register.filter
def interval(figure: Mapping[str, Any], unit: str) -> str:
    """As "90.2 to 92.4"; nothing when there are no images."""
    return f"{_bare(figure['low'], unit)} to {_bare(figure['high'], unit)}" if "low" in figure else ""


@register.filter
def signed(figure: Mapping[str, Any], unit: str) -> str:
    """A difference with its sign: "+0.8 points", "-0.21"."""
    if "value" not in figure:
        return "none"
    value = _bare(figure["value"], unit)
    sign = "+" if figure["value"] > 0 and float(value) else ""
    return f"{sign}{value}{' points' if unit == 'share' else ''}"


@register.filter
def verdict(figure: Mapping[str, Any], better: str) -> str:
    """One of "better", "worse" or "" by the interval of the difference: it must not hold zero, nor rest on a handful of images."""
    difference = figure["difference"]
    if difference["images"] < FEWEST or difference["low"] <= 0 <= difference["high"]:
        return ""
    return "better" if (difference["low"] > 0) == (better == "higher") else "worse"


@register.filter
def megabytes(size: int | None) -> str:
    """Bytes as "12.3 MB"."""
    return "not measured" if size is None else f"{size / 1e6:.1f} MB"


@register.filter
def said(answer: Mapping[str, Any], task: str) -> str:
    """An answer in a few words."""
    if task == "age":
        return f"{answer['years']:.0f} years ({answer['low']:.0f} to {answer['high']:.0f})"
    if task == "attributes":
        return f"{answer['wrong']} wrong; only here: {', '.join(words(name) for name in answer['only']) or 'nothing'}"
    if task == "landmarks":
        return f"{answer['error'] * 100:.1f} % off"
    if task == "verify":
        return f"{answer['label']}, {answer['similarity']:.2f} (limit {answer['threshold']:.2f})"
    return f"{words(answer['label'])} {answer['probability']:.0%}"


@register.filter
def is_right(answer: Mapping[str, Any], truth: Any) -> bool:
    """Whether a label is the true one."""
    return "label" in answer and answer["label"] == truth


@register.filter
def amount(value: float | None, unit: str) -> str:
    """A mean difference in its unit."""
    if value is None:
        return "nothing compared yet"
    return f"{value:.1f} {unit}" if unit == "years" else f"{value * 100:.1f} % {unit.removeprefix('share ')}"


@register.inclusion_tag("evaluation/charts/span.html")
def difference_chart(figure: Mapping[str, Any], figures: Sequence[Mapping[str, Any]], better: str) -> dict[str, Any]:
    """The interval of a difference beside zero, to one scale for all `figures`."""
    difference = figure["difference"]
    drawn = charts.span(difference, charts.reach(figures)) if "low" in difference else None
    return {"span": drawn, "kind": verdict(figure, better), "width": charts.WIDTH, "height": charts.HEIGHT}


@register.inclusion_tag("evaluation/charts/matrix.html")
def confusion_chart(confusion: Mapping[str, Any], which: str, name: str) -> dict[str, Any]:
    """A confusion matrix."""
    return {"matrix": charts.matrix(confusion["labels"], confusion[which]), "cell": charts.CELL, "name": name}


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "none"
    return f"{_bare(value, unit)} %" if unit == "share" else _bare(value, unit)


def _bare(value: float, unit: str) -> str:
    return f"{value * 100:.1f}" if unit == "share" else f"{value:.2f}"

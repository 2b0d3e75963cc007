"""How the models page words a network's measurements."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import template

from apps.core.registry import TaskPage
from apps.core.templatetags.hexaface import words

register = template.Library()

_NAMES: Final = {
    "fer2013": "FER-2013, accuracy",
    "ferplus": "FER+, accuracy",
    "all": "All attributes, accuracy",
    "ten": "Ten of them, accuracy",
    "adults": "Adults, accuracy",
    "fairface": "FairFace, accuracy",
    "fairface_adults": "FairFace, adults, accuracy",
    "coverage": "Ages inside the range",
    "nme": "NME, per cent",
    "nme_youtube_faces": "NME on YouTube Faces, per cent",
    "mse_muct": "MSE on MUCT",
    "mse_15": "MSE of 15 points",
    "ap_facemask": "AP on face-mask-detection",
    "frechet": "Fréchet distance",
    "frechet_of_photographs": "Fréchet distance of photographs",
}
_SHORT: Final = {
    "mae": "MAE",
    "nme": "NME",
    "mse": "MSE",
    "auc": "AUC",
    "ap": "AP",
    "f1": "F1",
    "muct": "MUCT",
    "att": "AT&T",
}
_NO_SHARES: Final = ("mae", "nme", "mse", "rmse", "auc", "ap", "threshold", "similarity", "distance")


@register.filter
def size_of(count: float) -> str:
    """Bytes as people read them: 4200000 -> "4.2 MB"."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


@register.filter
def figures(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, figure) rows; "low" and "high" become the interval of the figure before them, parts get their group's name."""
    rows: list[tuple[str, str]] = []
    share = False
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            rows += [(f"{_named(name)}: {label}", text) for label, text in figures(value)]
        elif name == "low" and "high" in metrics:
            rows.append(("95 % interval", f"{_figure(value, share=share)} to {_figure(metrics['high'], share=share)}"))
        elif name != "high" or "low" not in metrics:
            share = not set(name.lower().split("_")) & set(_NO_SHARES)
            rows.append((_named(name), _figure(value, share=share)))
    return rows


@register.filter
def in_page_order(rows: Iterable[Mapping[str, Any]], tasks: Iterable[TaskPage]) -> list[Mapping[str, Any]]:
    """Models in the order in which the tasks stand on the home page."""
    order = {task.slug: place for place, task in enumerate(tasks)}
    return sorted(rows, key=lambda row: order.get(row["task"], len(order)))


def _named(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    text = " ".join(_SHORT.get(part.lower(), part) for part in words(name).split())
    return text[:1].upper() + text[1:]


def _figure(value: object, *, share: bool) -> str:
    if isinstance(value, float):
        return f"{value * 100:.1f} %" if share and 0 <= value <= 1 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""The figures of a comparison: each version's, and the difference of both on the same images, with 95 % intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, Literal

import numpy as np

from ml import measure
from ml.comparing import Answered, Outcome
from ml.labelled import GENDERS, MASKS, VERDICTS
from ml.tasks.attributes import ATTRIBUTE_NAMES
from ml.tasks.emotion import EMOTIONS
from ml.types import F64

Better = Literal["higher", "lower"]
CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    "gender": GENDERS,
    "emotion": EMOTIONS,
    "mask": MASKS,
    "verify": VERDICTS,
}
REGIONS: Final = {"jaw": (0, 17), "eyebrows": (17, 27), "nose": (27, 36), "eyes": (36, 48), "mouth": (48, 68)}
OUTER_CORNERS: Final = (36, 45)
MOST_SHOWN: Final = 60


def report(task: str, outcome: Outcome) -> dict[str, Any]:
    """All figures as JSON values: headline first in "figures", then the classes, confusion, speed and disagreements."""
    answered = outcome.answered
    makers: dict[str, Callable[[Sequence[Answered]], dict[str, Any]]] = {
        "age": _age,
        "attributes": _attributes,
        "landmarks": _landmarks,
    }
    made = makers[task](answered) if task in makers else _labels(task, answered)
    return made | {
        "images": len(answered),
        "faces": outcome.faces,
        "no_face": len(outcome.no_face),
        "skipped_pairs": outcome.skipped_pairs,
        "speed": {"first": _quartiles(outcome.ms[0]), "second": _quartiles(outcome.ms[1])},
        "disagreements": _disagreements(task, answered),
    }


def _figure(name: str, unit: str, better: Better, values: Sequence[Any]) -> dict[str, Any]:
    return {"name": name, "unit": unit, "better": better, **measure.paired(*values)}


def _grouped(values: Sequence[F64], keys: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    places = np.asarray(keys)
    rows = [(name, places == name) for name in names]
    return [{"name": name, **measure.paired(*(value[mine] for value in values))} for name, mine in rows if mine.any()]


def _age(answered: Sequence[Answered]) -> dict[str, Any]:
    truth = np.array([entry.item.truth for entry in answered], np.float64)
    errors = [np.abs(_each(answered, place, lambda said: said.years) - truth) for place in (0, 1)]
    inside = [
        np.array([entry.answers[place].low <= entry.item.truth <= entry.answers[place].high for entry in answered])
        for place in (0, 1)
    ]
    decades = measure.decade_names(truth.astype(np.float32)) if len(truth) else np.array([], np.str_)
    return {
        "figures": [
            _figure("Mean absolute error", "years", "lower", errors),
            _figure("Ages inside the range", "share", "higher", inside),
        ],
        "classes": _grouped(errors, decades, sorted(set(decades.tolist()))),
    }


def _labels(task: str, answered: Sequence[Answered]) -> dict[str, Any]:
    names = CLASSES[task]
    truth = np.array([entry.item.truth for entry in answered], np.str_)
    said = [np.array([_label(entry.answers[place]) for entry in answered], np.str_) for place in (0, 1)]
    right = [(labels == truth).astype(np.float64) for labels in said]
    classes = _grouped(right, truth, names)
    figures = [_figure("Accuracy", "share", "higher", right)]
    if len(classes) > 1:
        figures.append(
            {"name": "Mean over the classes", "unit": "share", "better": "higher", **_balanced(right, truth)}
        )
    places = {name: place for place, name in enumerate(names)}
    numbered = [[places[label] for label in labels.tolist()] for labels in (*said, truth)]
    confusion = {
        name: measure.confusion(numbered[place], numbered[2], names) for place, name in enumerate(("first", "second"))
    }
    return {"figures": figures, "classes": classes, "confusion": {"labels": list(names), **confusion}}


def _balanced(right: Sequence[F64], truth: Any) -> dict[str, Any]:
    """Mean over the classes of the share that is right: every image weighs as much as its class is rare."""
    labels, counts = np.unique(truth, return_counts=True)
    weight = len(truth) / (len(labels) * counts[np.searchsorted(labels, truth)])
    return measure.paired(*(values * weight for values in right))


def _attributes(answered: Sequence[Answered]) -> dict[str, Any]:
    truth = np.array([entry.item.truth for entry in answered], bool).reshape(-1, len(ATTRIBUTE_NAMES))
    right = []
    for place in (0, 1):
        present = [set(entry.answers[place].present) for entry in answered]
        said = np.array([[name in mine for name in ATTRIBUTE_NAMES] for mine in present], bool)
        right.append((said.reshape(truth.shape) == truth).astype(np.float64))
    classes = [
        {"name": name, **measure.paired(right[0][:, i], right[1][:, i])} for i, name in enumerate(ATTRIBUTE_NAMES)
    ]
    means = [values.mean(1) for values in right]
    return {"figures": [_figure("Accuracy over the forty", "share", "higher", means)], "classes": classes}


def _landmarks(answered: Sequence[Answered]) -> dict[str, Any]:
    errors = [
        np.array([point_errors(entry.item.truth, entry.answers[place].points) for entry in answered]).reshape(-1, 68)
        for place in (0, 1)
    ]
    parts = {name: [_known_mean(values[:, low:high]) for values in errors] for name, (low, high) in REGIONS.items()}
    classes = []
    for name, (first, second) in parts.items():
        known = ~np.isnan(first)
        if known.any():
            classes.append({"name": name, **measure.paired(first[known], second[known])})
    means = [_known_mean(values) for values in errors]
    name = "Mean distance, of the distance of the outer eye corners"
    return {"figures": [_figure(name, "share", "lower", means)], "classes": classes}


def point_errors(truth_xy: Any, points_xy: Any) -> F64:
    """(68,) distances as a share of the distance of the outer corners of the eyes; NaN where the truth is not known."""
    truth = np.asarray(truth_xy, np.float64)
    eyes = np.linalg.norm(truth[OUTER_CORNERS[0]] - truth[OUTER_CORNERS[1]])
    return np.asarray(np.linalg.norm(truth - np.asarray(points_xy, np.float64), axis=1) / eyes, np.float64)


def _known_mean(values: F64) -> F64:
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(1)
    return np.asarray(np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan), np.float64)


def _each(answered: Sequence[Answered], place: int, value: Callable[[Any], float]) -> F64:
    return np.array([value(entry.answers[place]) for entry in answered], np.float64)


def _label(said: Any) -> str:
    return str(said["label"] if isinstance(said, dict) else said.label)


def _quartiles(values: Sequence[float]) -> dict[str, float | int]:
    if not values:
        return {"faces": 0}
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    return {"median": round(median, 3), "low": round(low, 3), "high": round(high, 3), "faces": len(values)}


def _disagreements(task: str, answered: Sequence[Answered]) -> dict[str, Any]:
    found = sorted((entry for entry in answered if entry.differs), key=lambda entry: -entry.difference)
    amounts = measure.mean([entry.difference for entry in answered])
    return {"count": len(found), "mean": amounts, "shown": [_shown(task, entry) for entry in found[:MOST_SHOWN]]}


def _shown(task: str, entry: Answered) -> dict[str, Any]:
    """An item with both answers, as short as a page wants them."""
    answers = [_short(task, entry, place) for place in (0, 1)]
    truth = entry.item.truth if isinstance(entry.item.truth, str | float) else None
    return {"files": list(entry.item.files), "truth": truth, "first": answers[0], "second": answers[1]}


def _short(task: str, entry: Answered, place: int) -> dict[str, Any]:
    said, other = entry.answers[place], entry.answers[1 - place]
    if task == "attributes":
        truth = dict(zip(ATTRIBUTE_NAMES, entry.item.truth, strict=True))
        only = [name for name in said.present if name not in other.present]
        wrong = sum((name in said.present) != value for name, value in truth.items())
        return {"only": only, "wrong": wrong}
    if task == "landmarks":
        return {"error": float(np.nanmean(point_errors(entry.item.truth, said.points)))}
    if task == "age":
        return {key: round(float(value), 1) for key, value in asdict(said).items()}
    if task == "verify":
        return {key: value if isinstance(value, str) else round(value, 3) for key, value in said.items()}
    return {"label": said.label, "probability": round(float(said.probability), 4)}

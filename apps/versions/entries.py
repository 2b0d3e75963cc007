"""The description of a new version: what the form says and what its JSON file says, put together and looked through."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_args

from apps.versions.models import ModelVersion
from ml.active import SWITCHABLE
from ml.manifest import Precision, spec_of

PRECISIONS: Final[tuple[str, ...]] = get_args(Precision)
TEXTS: Final = ("network", "version", "title", "licence", "source", "training_data", "notes")
KEYS: Final = frozenset(
    {"name", "tasks", "outputs", "input", "labels", "calibration", "precision", "metrics", "commercial", *TEXTS}
    - {"network"}
)
"""Keys of a manifest entry that a description may have."""
_OF_SPEC: Final = tuple((KEYS | {"version"}) - {"name"})
NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}", re.ASCII)
VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}", re.ASCII)
"""What a network and a version may be called."""


def together(filled: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the row; a filled field of the form wins over the entry."""
    values: dict[str, Any] = {
        name: filled.get(name) or entry.get("name" if name == "network" else name, "") for name in TEXTS
    }
    values["tasks"] = filled["tasks"] or entry.get("tasks", [])
    values["outputs"] = _list(filled["outputs"]) or entry.get("outputs", [])
    values["input"] = _input(filled, entry.get("input", {}))
    for name in ("labels", "calibration"):
        values[name] = filled[name] or entry.get(name, {})
    values["precision"] = filled["precision"] or entry.get("precision", PRECISIONS[0])
    values["metrics"] = entry.get("metrics", {})
    given = filled["commercial"]
    values["commercial"] = entry.get("commercial", False) if given is None else given
    return values


def _input(filled: Mapping[str, Any], entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    given = {name: filled[name] for name in ("align", "margin", "colour", "scale") if filled[name] not in {None, ""}}
    if filled["mean"]:
        given["mean"] = [_number(part) for part in _list(filled["mean"])]
    if filled["height"] and filled["width"]:
        given["size"] = [filled["height"], filled["width"]]
    return {**entry, **given}


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def problems(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the fields of the row, by field of the form. That they fit the file is for the check to find."""
    for rules in (_STORED, _TYPES, _CONTENTS):
        found = {field: text for field, (fits, text) in rules.items() if not fits(values)}
        if found:
            return found
    try:
        spec_of({"name": values["network"], "file": "", "sha256": ""} | {name: values[name] for name in _OF_SPEC})
    except (KeyError, TypeError, ValueError) as error:
        return {"description": f"The description does not fit: {error}"}
    if ModelVersion.objects.filter(network=values["network"], version=values["version"]).exists():
        return {
            "version": "This network has that version already. A version is never replaced; choose the next number."
        }
    return {}


_Rules = dict[str, tuple[Callable[[Mapping[str, Any]], bool], str]]


def _is_text(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda values: isinstance(values[name], str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_mapping(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda values: isinstance(values[name], dict)


def _can_be_stored(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda values: all(map(_is_storable, _leaves([values[name] for name in names])))


def _is_storable(value: Any) -> bool:
    """Databases have neither NaN and infinity in JSON nor NUL in texts."""
    return math.isfinite(value) if isinstance(value, float) else not (isinstance(value, str) and "\0" in value)


def _leaves(value: Any) -> Iterator[Any]:
    """Everything in nested lists and objects, names too; without recursion, however deep they are."""
    open_ = [value]
    while open_:
        item = open_.pop()
        if isinstance(item, Mapping):
            open_ += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            open_ += item
        else:
            yield item


_UNSTORABLE: Final = "Numbers must be finite, and texts without the character NUL."
_STORED: Final[_Rules] = {
    **{name: (_can_be_stored(name), _UNSTORABLE) for name in (*TEXTS, "tasks", "outputs", "labels", "calibration")},
    "description": (_can_be_stored("input", "metrics"), _UNSTORABLE),
}
_TYPES: Final[_Rules] = {
    **{name: (_is_text(name), "This must be text.") for name in TEXTS},
    "tasks": (lambda values: _are_texts(values["tasks"]), "This must be a list of names."),
    "outputs": (lambda values: _are_texts(values["outputs"]), "This must be a list of names."),
    "labels": (
        lambda values: isinstance(values["labels"], dict) and all(map(_are_texts, values["labels"].values())),
        "This must be an object with a list of names for each output.",
    ),
    "calibration": (_is_mapping("calibration"), "This must be an object."),
    "commercial": (lambda values: isinstance(values["commercial"], bool), "This must be true or false."),
    "description": (
        lambda values: (
            isinstance(values["input"], dict)
            and isinstance(values["metrics"], dict)
            and all(isinstance(figures, dict) for figures in values["metrics"].values())
        ),
        "input must be an object, and metrics an object for each task.",
    ),
}
_CONTENTS: Final[_Rules] = {
    "network": (
        lambda values: NAME.fullmatch(values["network"]) is not None,
        "Small letters, digits, dots and dashes, at most 64.",
    ),
    "version": (
        lambda values: VERSION.fullmatch(values["version"]) is not None,
        "Letters, digits, dots, dashes and plus signs, at most 32; for example 1.0.0.",
    ),
    "title": (lambda values: len(values["title"]) <= 200, "At most 200 characters."),
    "licence": (
        lambda values: 0 < len(values["licence"].strip()) <= 200,
        "Say it: the portal shows it with every answer.",
    ),
    "training_data": (lambda values: bool(values["training_data"].strip()), "Say it, or that it is not known."),
    "tasks": (
        lambda values: bool(values["tasks"]) and set(values["tasks"]) <= set(SWITCHABLE),
        f"Choose at least one of {', '.join(SWITCHABLE)}.",
    ),
    "outputs": (lambda values: bool(values["outputs"]), "Name every output."),
    "precision": (lambda values: values["precision"] in PRECISIONS, f"One of {', '.join(PRECISIONS)}."),
    "mean": (lambda values: None not in _items(values["input"].get("mean")), "Numbers, separated by commas."),
}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

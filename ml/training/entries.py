"""Entries of the manifest as plain data: what a recipe reads and completes."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ml import manifest

EIGHT: Final = "-int8"
"""What the version of a network's twin in eight bits ends with."""


def existing(weights: Path, name: str, version: str) -> dict[str, Any]:
    """The entry as plain data; empty when there is none."""
    path = weights / "manifest.toml"
    entries = tomllib.loads(path.read_text("utf-8")).get("network", []) if path.exists() else []
    return next((dict(entry) for entry in entries if (entry["name"], entry["version"]) == (name, version)), {})


def annotate(
    weights: Path, name: str, version: str, *, calibration: Mapping[str, Any], metrics: Mapping[str, Any]
) -> None:
    """Set the calibration and the figures of some tasks in an entry that exists; those of other tasks stay."""
    entry = existing(weights, name, version)
    if not entry:
        raise KeyError(f"{name} {version} is not in the manifest")
    entry["calibration"] = {**entry.get("calibration", {}), **calibration}
    entry["metrics"] = {**entry.get("metrics", {}), **metrics}
    manifest.upsert(weights / "manifest.toml", entry)


def add_twin(weights: Path, name: str, version: str, *, active: tuple[str, ...] = ()) -> str:
    """List the same file once more with its convolutions in eight bits, to answer the tasks in `active`; returns that version.

    The twin keeps calibration and figures that it has; at first it takes over the calibration.
    """
    entry, twin = existing(weights, name, version), version + EIGHT
    known = existing(weights, name, twin)
    own = {key: known.get(key, {}) for key in ("calibration", "metrics")}
    calibration = {**entry.get("calibration", {}), **own["calibration"]}
    title = f"{entry['title']}; convolutions in eight bits"
    changed = {
        "version": twin,
        "title": title,
        "precision": "int8",
        "calibration": calibration,
        "metrics": own["metrics"],
    }
    manifest.upsert(weights / "manifest.toml", {**entry, **changed}, active=active)
    return twin

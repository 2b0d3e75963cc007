"""What ships passes the check that uploads must pass."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ml import checking
from ml.active import SWITCHABLE, outputs_of
from ml.contracts import CONTRACTS

ROOT = Path(__file__).parents[2]
ENTRIES = tomllib.loads((ROOT / "weights" / "manifest.toml").read_text("utf-8"))["network"]
SWITCHED = [entry for entry in ENTRIES if set(entry.get("tasks", ())) & set(SWITCHABLE)]


def test_every_output_that_a_task_reads_has_a_contract() -> None:
    assert {name for task in SWITCHABLE for name in outputs_of(task)} <= set(CONTRACTS)


@pytest.mark.slow
@pytest.mark.parametrize("entry", SWITCHED, ids=lambda entry: f"{entry['name']} {entry['version']}")
def test_shipped_networks_pass(entry: dict[str, Any]) -> None:
    described = {name: value for name, value in entry.items() if name not in {"file", "sha256"}}
    report = checking.check(
        ROOT / "weights" / entry["file"],
        described,
        entry["tasks"],
        weights=ROOT / "weights",
        probes=sorted((ROOT / "static" / "samples").glob("*.jpg")),
        max_bytes=100_000_000,
        seconds=240,
    )
    assert report.get("reason", "") == ""
    assert report["sha256"] == entry["sha256"]

"""What is told of the figures that were measured: targets, weaker groups, reports, plots and cards."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ml.manifest import InputSpec, Manifest, NetworkSpec, load
from ml.training import cards, plots, svg, tables, targets
from ml.training.weaker import weaker

pytest.importorskip("tensorflow")  # statistics that the recipes share

from ml.training.evaluate import writer

ROOT = Path(__file__).parents[2]
SPEC = NetworkSpec(
    "n", "1.0.0", "n-1.0.0.tflite", "a" * 64, ("age",), InputSpec((8, 8)), "N", ("age",), metrics={"age": {}}
)


def figure(value: float, spread: float = 0.01, images: int = 100) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread, "images": images}


def test_weaker_groups_lie_wholly_on_the_worse_side() -> None:
    report = {
        "age": {
            "mae": figure(5),
            "mae_by_decade": {"young": figure(4), "near": figure(5.005), "old": figure(8), "few": figure(9, images=20)},
            "bias_by_decade": {"old": figure(8)},
            "coverage": figure(0.9),
            "coverage_by_decade": {"old": figure(0.8), "young": figure(0.95)},
        },
        "mask": {"all": figure(0.99), "by_source": {"a": figure(0.9), "b": {"images": 0}}},
    }
    found = [(row.table, row.group, row.usual) for row in weaker(report)]
    assert found == [("mae_by_decade", "old", 5), ("coverage_by_decade", "old", 0.9), ("by_source", "a", 0.99)]


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (targets.Target("age", "", "", 4.6, targets.at("mae"), less=True), 4.6, True),
        (targets.Target("age", "", "", 4.6, targets.at("mae"), less=True), 4.7, False),
        (targets.Target("age", "", "", 0.9, targets.at("mae")), 0.8, False),
        (targets.Target("age", "", "", 0.88, targets.at("mae"), top=0.92), 0.95, False),
        (targets.Target("age", "", "", 0.88, targets.at("mae"), top=0.92), 0.9, True),
    ],
)
def test_a_target_is_met_or_not(target: targets.Target, value: float, met: bool) -> None:  # noqa: FBT001
    assert target.met(value) is met


def test_the_table_says_what_is_missing_and_who_else_was_measured() -> None:
    rival = replace(SPEC, name="rival")
    active = {target.task: SPEC.key for target in targets.TARGETS}
    manifest = Manifest({SPEC.key: SPEC, rival.key: rival}, active)
    reports = {SPEC.key: {"age": {"mae": figure(5.0)}}, rival.key: {"age": {"mae": figure(4.0)}}}
    rows = [row for row in targets.table(manifest, reports).splitlines() if "mean absolute error" in row]
    goal = "| age | UTKFace val, mean absolute error | 6 | at most 4.60 years (4.20 years) |"
    assert rows == [f"{goal} 5.00 years | 4.99 to 5.01 years | 100 images | no | rival 1.0.0: 4.00 years |"]
    assert "| mask | mask val | 97 % | at least 99.3 % (99.7 %) | not measured |" in targets.table(manifest, reports)


def test_a_report_of_other_weights_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    writer.put(tmp_path, SPEC, {"age": {"mae": figure(5)}})
    writer.put(tmp_path, SPEC, {"gender": {"utkface": figure(0.9)}})
    assert {"age", "gender"} < set(json.loads(writer.path_of(tmp_path, SPEC).read_text("utf-8")))
    writer.put(tmp_path, replace(SPEC, sha256="b" * 64), {"mask": {"all": figure(0.9)}})
    assert set(json.loads(writer.path_of(tmp_path, SPEC).read_text("utf-8"))) == {
        "network",
        "version",
        "sha256",
        "mask",
    }


def test_charts_are_valid_and_repeat() -> None:
    counts = {"a": {"a": 3, "b": 1}, "b": {"a": 0, "b": 0}}
    charts: list[Callable[[], str]] = [
        lambda: svg.bars("A & B", [("x <y>", 1.0, 0.5, 2.0), ("none", 0.0, 0.0, 0.0)], unit="years", reference=1.2),
        lambda: svg.bars("empty", []),
        lambda: svg.table("t", ["a", "b"], counts),
        lambda: svg.lines(
            "l", {"one": [(1e-4, 0.1), (1e-2, 0.001)]}, x=(1e-5, 1), y=(1e-4, 1), axes=("x", "y"), log=True
        ),
    ]
    for draw in charts:
        root = ET.fromstring(draw())
        assert root.tag.endswith("svg")
        assert "NaN" not in draw()
        assert draw() == draw()


def test_plots_leave_out_what_was_not_measured() -> None:
    assert list(plots.of_report({}, "N", ("age", "detect"))) == []


def test_a_card_tells_the_terms_and_the_weaker_groups() -> None:
    report = {
        "age": {"mae": figure(5), "mae_by_decade": {"60-69": figure(9)}, "calibration": {"ece": 0.03, "curve": []}}
    }
    text = cards.card(replace(SPEC, licence="MIT", commercial=False), report, ("age",))
    assert "Commercial use: **not allowed**" in text
    assert "| age | mae by decade | 60-69 | 9 | 8.99 to 9.01 | 5 | 100 |" in text
    assert "0.030" in text


def test_every_report_is_about_the_weights_that_are_served() -> None:
    manifest = load(ROOT / "weights" / "manifest.toml")
    reports = tables.read_reports(manifest, ROOT / "weights" / "reports")
    assert set(manifest.active.values()) - {"scrfd 1.0.0-int8"} <= set(reports)
    stale = [
        key
        for key, report in reports.items()
        if key in manifest.networks and report["sha256"] != manifest.networks[key].sha256
    ]
    assert stale == [], "run: make evaluate"

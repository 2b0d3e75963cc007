"""The table "the report, the target, ours, others in the same run": what was aimed at, and what the reports say about it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ml.manifest import Manifest, NetworkSpec
from ml.training.target_detection import detection_rows
from ml.training.wording import PERCENT, SHARE, SMALL, YEARS, said

Node = Mapping[str, Any]
Reports = Mapping[str, Node]
"""Report by network key; the detectors' common one under DETECTORS."""
DETECTORS: Final = "detectors"


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure: the value, its interval if there is one, how many images or pairs, and what else a reader must know."""

    value: float
    low: float | None = None
    high: float | None = None
    count: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One row: what is measured on what, the report's own figure, the goal, and how to read ours out of a task's figures.

    less: smaller is better. span: the goal is the range goal..top and the figure the extreme that lies farther out.
    """

    task: str
    what: str
    report: str
    goal: float
    read: Callable[[Node], Shown]
    form: str = SHARE
    less: bool = False
    stretch: float | None = None
    top: float | None = None

    def met(self, value: float) -> bool:
        """Whether a value reaches the goal."""
        if self.top is not None:
            return self.goal <= value <= self.top
        return value <= self.goal if self.less else value >= self.goal

    @property
    def wanted(self) -> str:
        """The goal in words."""
        if self.top is not None:
            return said(self.form, self.goal, self.top)
        return f"{'at most' if self.less else 'at least'} {said(self.form, self.goal)}"


def at(*path: str) -> Callable[[Node], Shown]:
    """The figure at a place of the task's part of the report."""

    def read(node: Node) -> Shown:
        for name in path:
            node = node[name]
        return _shown(node)

    return read


def outermost(name: str, *, highest: bool) -> Callable[[Node], Shown]:
    """The highest or lowest figure of a group table."""

    def read(node: Node) -> Shown:
        groups = {group: _shown(figure) for group, figure in node[name].items() if figure.get("images")}
        chosen = (max if highest else min)(groups, key=lambda group: groups[group].value)
        found = groups[chosen]
        return Shown(found.value, found.low, found.high, found.count, chosen.replace("_", " "))

    return read


def gap(node: Node) -> Shown:
    """Best minus worst race of FairFace."""
    figure = node["fairface_gap"]
    found = _shown(figure)
    groups = f"{figure['best']} against {figure['worst']}; by chance {said(SHARE, figure['by_chance'])}"
    return Shown(found.value, found.low, found.high, found.count, groups)


def _shown(figure: Node) -> Shown:
    count = f"{figure['pairs']:,} pairs" if "pairs" in figure else f"{figure['images']:,} images"
    return Shown(figure["value"], figure.get("low"), figure.get("high"), count)


TARGETS: Final = (
    Target("verify", "LFW pairsDevTest, accuracy", "99.63 % (FaceNet)", 0.993, at("lfw", "accuracy"), stretch=0.996),
    Target("verify", "AT&T, 240 balanced pairs, accuracy", "98 %", 0.995, at("att", "accuracy_240_at_default")),
    Target("verify", "AT&T, all pairs, true-match rate at FAR 0.1 %", "", 0.98, at("att", "true_match_rate")),
    Target("age", "UTKFace val, mean absolute error", "6", 4.6, at("mae"), YEARS, less=True, stretch=4.2),
    Target("age", "the decade with the largest error", "", 8, outermost("mae_by_decade", highest=True), YEARS, less=True),
    Target("age", "ages inside the interval", "", 0.88, at("coverage"), top=0.92),
    Target("age", "ages inside, the lowest decade", "", 0.8, outermost("coverage_by_decade", highest=False), top=0.97),
    Target("age", "ages inside, the highest decade", "", 0.8, outermost("coverage_by_decade", highest=True), top=0.97),
    Target("gender", "UTKFace val, all ages", "90 %", 0.955, at("utkface")),
    Target("gender", "UTKFace val, from 16 on", "", 0.975, at("utkface_adults"), stretch=0.98),
    Target("gender", "FairFace val, best race group minus worst", "", 0.03, gap, less=True),
    Target("emotion", "FER-2013 PublicTest, asked for its labels", "65 and 66.8 %", 0.69, at("fer2013"), stretch=0.73),
    Target("emotion", "FER+ majority, PublicTest", "", 0.82, at("ferplus")),
    Target("landmarks", "68 points, HELEN val, NME by the outer eye corners", "", 3.6, at("nme68_helen"), PERCENT, less=True, stretch=3.2),
    Target("landmarks", "68 points, YouTube Faces val, NME", "", 5, at("nme68_youtube_faces"), PERCENT, less=True),
    Target("landmarks", "MUCT, new subjects, MSE in 0..1 of the crop", "0.003779", 1e-4, at("mse76_muct"), SMALL, less=True, stretch=7e-5),
    Target("landmarks", "15 points of landmarks68, MSE in -1..1 of the box", "0.0024", 6e-4, at("mse15"), SMALL, less=True, stretch=4e-4),
    Target("attributes", "CelebA val, ten attributes", "89.75 %", 0.943, at("ten"), stretch=0.948),
    Target("attributes", "CelebA val, all forty", "", 0.907, at("all"), stretch=0.914),
    Target("mask", "mask val", "97 %", 0.993, at("all"), stretch=0.997),
    Target("mask", "the source with the lowest figure", "", 0.985, outermost("by_source", highest=False)),
    Target("mask", "faces under 40 pixels", "", 0.96, at("by_face_pixels", "under 40")),
    Target("synthesis", "samples in which a face is detected", "64x76 DCGAN", 0.97, at("detected")),
)  # fmt: skip
_HEAD: Final = (
    "| task | measured | the report | target | ours | 95 % interval | on | met | others in the same run |",
    "|---|---|---|---|---|---|---|---|---|",
)


def table(manifest: Manifest, reports: Reports) -> str:
    """Markdown: a row per target, whether it is met or not."""
    return "\n".join(
        [*_HEAD, *detection_rows(reports.get(DETECTORS, {})), *(_row(target, manifest, reports) for target in TARGETS)]
    )


def _row(target: Target, manifest: Manifest, reports: Reports) -> str:
    key = manifest.active[target.task]
    found = _read(target, reports.get(key, {}))
    aim = target.wanted + (f" ({said(target.form, target.stretch)})" if target.stretch is not None else "")
    head = f"| {target.task} | {target.what} | {target.report} | {aim} |"
    if found is None:
        return f"{head} not measured | | | | |"
    note = f" ({found.note})" if found.note else ""
    span = said(target.form, found.low, found.high) if found.low is not None and found.high is not None else ""
    verdict = "yes" if target.met(found.value) else "no"
    others = "; ".join(_others(target, manifest, reports, key))
    return f"{head} {said(target.form, found.value)}{note} | {span} | {found.count} | {verdict} | {others} |"


def _others(target: Target, manifest: Manifest, reports: Reports, key: str) -> Iterator[str]:
    for other, spec in manifest.networks.items():
        found = _read(target, reports.get(other, {})) if other != key and _competes(spec, target.task) else None
        if found:
            yield f"{other}: {said(target.form, found.value)}"


def _competes(spec: NetworkSpec, task: str) -> bool:
    return task in spec.metrics


def _read(target: Target, report: Node) -> Shown | None:
    try:
        return target.read(report[target.task])
    except KeyError:
        return None

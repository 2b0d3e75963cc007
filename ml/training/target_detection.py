"""The rows about detection in the table of targets: our detector beside the package that it replaces."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ml.training.wording import SHARE, said

PACKAGE: Final = "package mtcnn 1.0.0"
_OURS: Final = "scrfd"
_BOUNDED: Final = "scrfd, faces from 20 pixels on"  # as the package
_MORE: Final = {"fddb": 0.03, "facemask": 0.2}  # of average precision: the stretch goal
_TIME: Final = 1 / 6  # of the package's, at most
Node = Mapping[str, Any]


def detection_rows(report: Node) -> Iterator[str]:
    """Markdown rows out of weights/reports/detectors.json; those whose figures are missing are left out."""
    sources = report.get("accuracy", {}).get(_OURS, {})
    for source in sources:
        yield from _recall(report, source)
        yield from _precision(report["accuracy"], source)
    times = report.get("time_relative_to_package", {})
    if _BOUNDED in times:
        share, usual = times[_BOUNDED], times[_OURS]
        yield (
            f"| detect | time beside the package's, one thread, faces from 20 pixels on | | at most {said(SHARE, _TIME)} | "
            f"{said(SHARE, share)} | | 40 images | {_met(share <= _TIME)} | as served, with smaller faces: {said(SHARE, usual)} |"
        )


def _recall(report: Node, source: str) -> Iterator[str]:
    found = report.get("recall_at_the_precision_of_the_package", {}).get(source, {})
    if _OURS in found:
        ours, theirs = found[_OURS], found[PACKAGE]
        what = f"{source}, recall at the package's precision ({said(SHARE, found['precision'])})"
        yield (
            f"| detect | {what} | MTCNN 95 % | at least {said(SHARE, theirs)} | {said(SHARE, ours)} | | "
            f"{_on(report['accuracy'], source)} | {_met(ours >= theirs)} | mtcnn package: {said(SHARE, theirs)}; "
            f"faces from 20 pixels on, as it looks for: {said(SHARE, found[_BOUNDED])} |"
        )


def _precision(accuracy: Node, source: str) -> Iterator[str]:
    if source in accuracy.get(PACKAGE, {}):
        ours, theirs = accuracy[_OURS][source], accuracy[PACKAGE][source]["ap"]
        stretch = f" ({theirs + _MORE[source]:.3f})" if source in _MORE else ""
        yield (
            f"| detect | {source}, average precision | | at least {theirs:.3f}{stretch} | {ours['ap']:.3f} | "
            f"{ours['low']:.3f} to {ours['high']:.3f} | {_on(accuracy, source)} | {_met(ours['ap'] >= theirs)} | "
            f"mtcnn package: {theirs:.3f} |"
        )


def _on(accuracy: Node, source: str) -> str:
    figures = accuracy[_OURS][source]
    return f"{figures['images']} images, {figures['faces']} faces"


def _met(met: bool) -> str:  # noqa: FBT001
    return "yes" if met else "no"

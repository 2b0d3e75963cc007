"""The tables of weights/reports/other-detectors.json in the docs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ml.training.wording import SHARE, said

Node = Mapping[str, Any]
SOURCES: Final = ("fddb", "facemask")


def tables(report: Node) -> Iterator[str]:
    """Markdown: all detectors, then what is missed on facemask, then where the cascade loses it; nothing without a report."""
    if report:
        yield "\n".join(_compared(report))
        yield "\n".join(_groups(report["found_by_group"], "facemask, share found"))
        yield "\n".join(_groups(report["stages_by_group"], "facemask, the cascade"))


def _compared(report: Node) -> Iterator[str]:
    precisions = report["precision_of_the_package"]
    recalls = [f"{source}, recall at precision {said(SHARE, precisions[source])}" for source in SOURCES]
    yield f"| detector | fddb, AP | {recalls[0]} | facemask, AP | {recalls[1]} | time beside ours |"
    yield "|---|---|---|---|---|---|"
    times = report.get("time_relative_to_served", {})
    for name, by_source in report["detectors"].items():
        cells = [cell for source in SOURCES for cell in _figures(by_source[source])]
        yield f"| {name} | {' | '.join(cells)} | {f'{times[name]:.2f}' if name in times else ''} |"


def _figures(figures: Node) -> Iterator[str]:
    yield f"{figures['ap']:.3f} ({figures['low']:.3f} to {figures['high']:.3f})"
    yield said(SHARE, figures["recall_at_that_precision"])


def _groups(groups: Node, title: str) -> Iterator[str]:
    names = [name for name in next(iter(groups.values())) if name != "faces"]
    yield f"| {title} | faces | {' | '.join(names)} |"
    yield "|---" * (len(names) + 2) + "|"
    for group, shares in groups.items():
        yield f"| {group} | {shares['faces']} | {' | '.join(said(SHARE, shares[name]) for name in names)} |"

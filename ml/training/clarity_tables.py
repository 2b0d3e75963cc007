"""The tables of small and blurred faces in the docs, from weights/reports/clarity.json."""

from collections.abc import Iterator, Mapping
from typing import Any


def tables(report: Mapping[str, Any]) -> Iterator[str]:
    """Markdown: a table per task."""
    for task, part in report.items():
        unit = {"age": "error in years", "attributes": "share of the 40 wrong"}.get(task, "share wrong")
        head = [
            f"| {task}, {part['set']} val | {unit} | doubted | {unit}, doubted | {unit}, the rest | images |",
            "|---|---|---|---|---|---|",
        ]
        yield "\n".join([*head, *(_row(name, figures) for name, figures in part["conditions"].items())])


def _row(name: str, figures: Mapping[str, float]) -> str:
    cells = [f"{figures[key]:.3g}" if key in figures else "" for key in ("error", "error_doubted", "error_rest")]
    return (
        f"| {name} | {cells[0]} | {100 * figures['doubted']:.1f} % | {cells[1]} | {cells[2]} | {figures['images']:,} |"
    )

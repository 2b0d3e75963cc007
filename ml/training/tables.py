"""docs/accuracy.md and the README's table, written from the manifest: `python -m ml.training.tables [--check]`."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ml.manifest import Manifest, NetworkSpec, load

ROOT: Final = Path(__file__).parents[2]
BEGIN, END = "<!-- accuracy: begin (make accuracy) -->", "<!-- accuracy: end -->"
FILES: Final = ("README.md", "docs/accuracy.md")
UNITS: Final = {"mae": "MAE {:.2f} years", "nme": "NME {:.2f} %", "average_precision": "AP {:.3f}"}
"""How a headline figure is written; one that is not named here is a share."""
FIELDS: Final = ("low", "high", "images", "pairs", "data")


def table(manifest: Manifest) -> str:
    """Markdown table of the headline figure of each task's active network."""
    rows = ["| task | network | measured | 95 % interval | on |", "|---|---|---|---|---|"]
    for task, key in manifest.active.items():
        spec = manifest.networks[key]
        if task in spec.metrics:
            rows.append(_row(task, spec, spec.metrics[task]))
    return "\n".join(rows)


def _row(task: str, spec: NetworkSpec, metrics: Mapping[str, Any]) -> str:
    name = next(name for name in metrics if name not in FIELDS)
    others = [_written(other, metrics[other]) for other in metrics if other not in {*FIELDS, name}]
    measured = "; ".join([_written(name, metrics[name]), *others])
    interval = f"{_number(name, metrics['low'])} to {_number(name, metrics['high'])}" if "low" in metrics else ""
    count = f"{metrics['images']:,} images" if "images" in metrics else f"{metrics['pairs']:,} pairs"
    return f"| {task} | {spec.key} | {measured} | {interval} | {metrics['data']}, {count} |"


def _written(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if name in UNITS:
        return UNITS[name].format(value)
    if isinstance(value, float) and value <= 1:
        return f"{words} {_number(name, value)}"
    return f"{words} {value:,}"


def _number(name: str, value: float) -> str:
    if name in UNITS:
        return UNITS[name].split(" ")[1].format(value)
    return f"{value:.2e}" if 0 < value < 0.001 else f"{value:.1%}".replace("%", " %")


def filled(text: str, manifest: Manifest) -> str:
    """The text with the table between the marks. ValueError without the marks."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the marks {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{table(manifest)}\n{END}{after}"


def main() -> None:
    """Write the tables, or with --check fail when one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    manifest = load(ROOT / "weights" / "manifest.toml")
    for path in (ROOT / name for name in FILES):
        text = path.read_text("utf-8")
        if check and filled(text, manifest) != text:
            sys.exit(f"{path.name} is not what the manifest says: make accuracy")
        path.write_text(filled(text, manifest), "utf-8")


if __name__ == "__main__":
    main()

"""docs/accuracy.md and the README's table, written from the manifest and the reports: `python -m ml.training.tables [--check]`."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ml.manifest import Manifest, NetworkSpec, load

ROOT: Final = Path(__file__).parents[2]
BEGIN, END = "<!-- {}: begin (make accuracy) -->", "<!-- {}: end -->"
UNITS: Final = {
    "mae": "MAE {:.2f} years",
    "nme": "NME {:.2f} %",
    "ap": "AP {:.3f}",
    "ap_facemask": "AP {:.3f} on facemask",
}
"""How a headline figure is written; one that is not named here is a share."""
FIELDS: Final = ("low", "high", "images", "pairs", "data")


def headlines(manifest: Manifest) -> str:
    """Markdown table of the headline figure of each task's active network."""
    rows = ["| task | network | measured | 95 % interval | on |", "|---|---|---|---|---|"]
    for task, key in manifest.active.items():
        spec = manifest.networks[key]
        if task in spec.metrics:
            rows.append(_headline(task, spec, spec.metrics[task]))
    return "\n".join(rows)


def _headline(task: str, spec: NetworkSpec, metrics: Mapping[str, Any]) -> str:
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
    if isinstance(value, float) and 0.001 <= value <= 1:
        return f"{words} {_number(name, value)}"
    return f"{words} {value:,.4g}" if isinstance(value, float) else f"{words} {value:,}"


def _number(name: str, value: float) -> str:
    return UNITS[name].split(" ")[1].format(value) if name in UNITS else f"{100 * value:.1f} %"


def details(manifest: Manifest, reports: Path) -> str:
    """Markdown tables of every figure with an interval in the reports of the active networks, a table per group."""
    parts: list[str] = []
    for key in dict.fromkeys(manifest.active.values()):
        spec = manifest.networks[key]
        path = reports / f"{spec.name}-{spec.version}.json"
        if path.is_file():
            parts += [f"## {spec.title} ({spec.key})", *_tables(json.loads(path.read_text("utf-8")), ())]
    return "\n\n".join(parts)


def _tables(node: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    leaves = {name: value for name, value in node.items() if isinstance(value, Mapping) and "low" in value}
    if leaves:
        head = [f"| {_words(path) or 'figure'} | value | 95 % interval | images |", "|---|---|---|---|"]
        yield "\n".join([*head, *(_leaf(name, leaf) for name, leaf in leaves.items())])
    for name, value in node.items():
        if isinstance(value, Mapping) and name not in leaves:
            yield from _tables(value, (*path, name))


def _leaf(name: str, leaf: Mapping[str, Any]) -> str:
    value, low, high = (f"{leaf[part]:.4g}" for part in ("value", "low", "high"))
    return f"| {name.replace('_', ' ')} | {value} | {low} to {high} | {leaf.get('images', leaf.get('count', 0)):,} |"


def _words(path: tuple[str, ...]) -> str:
    return ", ".join(part.replace("_", " ") for part in path)


def filled(text: str, mark: str, table: str) -> str:
    """The text with the table between the marks. ValueError without the marks."""
    begin, end = BEGIN.format(mark), END.format(mark)
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the marks {begin} and {end} are missing")
    return f"{before}{begin}\n{table}\n{end}{after}"


def written(weights: Path, docs: Path) -> dict[Path, str]:
    """What the files should say, by path; `docs` is the folder with README.md and docs/."""
    manifest = load(weights / "manifest.toml")
    first = {path: filled(path.read_text("utf-8"), "accuracy", headlines(manifest)) for path in _files(docs)}
    last = _files(docs)[1]
    return first | {last: filled(first[last], "details", details(manifest, weights / "reports"))}


def _files(docs: Path) -> tuple[Path, Path]:
    return docs / "README.md", docs / "docs" / "accuracy.md"


def main() -> None:
    """Write the tables, or with --check fail when one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    for path, text in written(ROOT / "weights", ROOT).items():
        if check and path.read_text("utf-8") != text:
            sys.exit(f"{path.name} is not what the manifest says: make accuracy")
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

"""Everything the docs say about accuracy, written from the manifest and the reports: `python -m ml.training.tables [--check]`.

The tables of docs/accuracy.md and of the README, docs/plots/*.svg and docs/cards/*.md. `ml.training.evaluate` makes the reports.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ml.manifest import Manifest, NetworkSpec, load
from ml.training import cards, plots, targets
from ml.training.clarity_tables import tables as clarity_tables
from ml.training.other_detectors.table import tables as detector_tables

ROOT: Final = Path(__file__).parents[2]
BEGIN, END = "<!-- {}: begin (make accuracy) -->", "<!-- {}: end -->"
UNITS: Final = {
    "mae": "MAE {:.2f} years",
    "nme": "NME {:.2f} %",
    "ap": "AP {:.3f}",
    "ap_facemask": "AP {:.3f} on facemask",
    "nme_youtube_faces": "NME {:.2f} % on YouTube Faces",
    "mse_muct": "MSE {:.3g} on MUCT",
    "mse_15": "MSE {:.3g} of 15 points",
    "frechet": "Fréchet {:.2f}",
    "frechet_of_photographs": "Fréchet {:.2f} of photographs",
}
"""How a headline figure is written; one that is not named here is a share."""
CLARITY: Final = "clarity"
OTHER_DETECTORS: Final = "other-detectors"
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


def details(manifest: Manifest, reports: targets.Reports) -> str:
    """Plots, and Markdown tables of every figure with an interval in the reports of the active networks, a table per group."""
    parts: list[str] = []
    for spec in _answering(manifest):
        report = reports.get(spec.key, {})
        if report:
            drawn = [f"![{title}](plots/{name})" for name, title in _drawn(spec, manifest, report)]
            parts += [f"## {spec.title} ({spec.key})", *drawn, *_tables(report, ())]
    return "\n\n".join(parts)


def _answering(manifest: Manifest) -> list[NetworkSpec]:
    return [manifest.networks[key] for key in dict.fromkeys(manifest.active.values())]


def tasks_of(spec: NetworkSpec, manifest: Manifest) -> tuple[str, ...]:
    """The tasks that the network answers now."""
    return tuple(task for task, key in manifest.active.items() if key == spec.key)


def _drawn(spec: NetworkSpec, manifest: Manifest, report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(file, title) of the network's plots."""
    for name, text in plots.of_report(report, spec.key, tasks_of(spec, manifest)):
        yield _plot_name(spec, name), text.partition("<title>")[2].partition("</title>")[0]


def _plot_name(spec: NetworkSpec, name: str) -> str:
    return f"{spec.name}-{spec.version}-{name}.svg"


def _tables(node: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    leaves = {
        name: value for name, value in node.items() if isinstance(value, Mapping) and {"value", "low"} <= set(value)
    }
    if leaves:
        head = [f"| {_words(path) or 'figure'} | value | 95 % interval | {_counted(leaves)} |", "|---|---|---|---|"]
        yield "\n".join([*head, *(_leaf(name, leaf) for name, leaf in leaves.items())])
    for name, value in node.items():
        if isinstance(value, Mapping) and name not in leaves:
            yield from _tables(value, (*path, name))


def _leaf(name: str, leaf: Mapping[str, Any]) -> str:
    value, low, high = (f"{leaf[part]:.4g}" for part in ("value", "low", "high"))
    return f"| {name.replace('_', ' ')} | {value} | {low} to {high} | {leaf.get('images', leaf.get('pairs', 0)):,} |"


def _counted(leaves: Mapping[str, Mapping[str, Any]]) -> str:
    return "pairs" if all("pairs" in leaf for leaf in leaves.values()) else "images"


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
    reports = read_reports(manifest, weights / "reports")
    readme, accuracy = docs / "README.md", docs / "docs" / "accuracy.md"
    table = headlines(manifest)
    long = filled(accuracy.read_text("utf-8"), "accuracy", table)
    long = filled(long, "targets", targets.table(manifest, reports))
    long = filled(long, "clarity", "\n\n".join(clarity_tables(reports.get(CLARITY, {}))))
    long = filled(long, "detectors", "\n\n".join(detector_tables(reports.get(OTHER_DETECTORS, {}))))
    long = filled(long, "details", details(manifest, reports))
    files = {readme: filled(readme.read_text("utf-8"), "accuracy", table), accuracy: long}
    return (
        files | _cards(manifest, reports, docs / "docs" / "cards") | _plots(manifest, reports, docs / "docs" / "plots")
    )


def read_reports(manifest: Manifest, folder: Path) -> targets.Reports:
    """Report by network key, and the detectors' common one; only those that are there."""
    paths = {key: folder / f"{spec.name}-{spec.version}.json" for key, spec in manifest.networks.items()}
    paths |= {name: folder / f"{name}.json" for name in (targets.DETECTORS, CLARITY, OTHER_DETECTORS)}
    return {key: json.loads(path.read_text("utf-8")) for key, path in paths.items() if path.is_file()}


def _cards(manifest: Manifest, reports: targets.Reports, folder: Path) -> dict[Path, str]:
    names = {f"{spec.name}-{spec.version}.md": spec for spec in manifest.networks.values()}
    texts = {
        name: cards.card(spec, reports.get(spec.key, {}), tasks_of(spec, manifest)) for name, spec in names.items()
    }
    texts["README.md"] = cards.index(names, manifest.active)
    return {folder / name: text for name, text in texts.items()}


def _plots(manifest: Manifest, reports: targets.Reports, folder: Path) -> dict[Path, str]:
    return {
        folder / _plot_name(spec, name): text
        for spec in _answering(manifest)
        for name, text in plots.of_report(reports.get(spec.key, {}), spec.key, tasks_of(spec, manifest))
    }


def left_over(files: Mapping[Path, str]) -> list[Path]:
    """Files in the folders of plots and cards that belong to no network any more."""
    folders = {path.parent for path in files if path.parent.name in {"plots", "cards"}}
    return sorted(path for folder in folders for path in folder.glob("*.*") if path not in files)


def main() -> None:
    """Write everything, or with --check fail when something is out of date."""
    parser = argparse.ArgumentParser(description="Write what the docs say about accuracy.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")
    check = parser.parse_args().check
    files = written(ROOT / "weights", ROOT)
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]
    extra = left_over(files)
    if check and (stale or extra):
        names = ", ".join(path.name for path in [*stale, *extra])
        sys.exit(f"not what manifest and reports say: {names}; run make accuracy")
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], "utf-8")
    for path in extra:
        path.unlink()


if __name__ == "__main__":
    main()

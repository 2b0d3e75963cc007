"""From a file of results to the tables of both READMEs and the chart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.chart import chart
from bench.common import ROOT, read
from bench.server_tables import server_charts, server_tables
from bench.summary import aims_table, summary
from bench.tables import tables

CHART: Final = "bench/results/speed.svg"
BEGIN: Final = "<!-- speed: begin (make bench) -->"
END: Final = "<!-- speed: end -->"


def write(path: Path, root: Path = ROOT) -> None:
    """Write what `written` says."""
    for target, content in written(path, root).items():
        target.write_text(content, encoding="utf-8")


def printed(path: Path) -> str:
    """The short table and the aims."""
    sections = read(path)
    return f"{_conditions(sections)}\n\n{summary(sections['peers'])}\n{aims_table(sections)}"


def written(path: Path, root: Path = ROOT) -> dict[Path, str]:
    """Each file that follows from the results, as it should be."""
    sections = read(path)
    peers = sections["peers"]
    short = f"{_conditions(sections)}\n\n{summary(peers)}\n![Milliseconds per photograph]({CHART})"
    name = path.name
    full = f"From [{name}](results/{name}). {_conditions(sections)}\n\n### Aims\n\n{aims_table(sections)}\n"
    full += f"### Peers\n\n{tables(peers)}\n{server_tables(sections)}"
    others = {root / "bench" / "results" / file: svg for file, svg in server_charts(sections).items()}
    return others | {
        root / "README.md": between(root / "README.md", short),
        root / "bench" / "README.md": between(root / "bench" / "README.md", full.rstrip()),
        root / CHART: chart(peers),
        **{root / "bench" / "results" / name: content for name, content in server_charts(sections).items()},
    }


def between(path: Path, content: str) -> str:
    """The file's text with new content between the marks."""
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


def _conditions(sections: Mapping[str, Any]) -> str:
    """When, where, how often."""
    peers = sections["peers"]
    said = peers["context"]
    return (
        f"{said['date'][:10]}, {said['processor']}, {said['cores']} cores of a virtual machine, Linux {said['kernel'].split('-')[0]}, "
        f"Python {said['python']}; medians of {peers['runs']}, in turns within one run; load average before: {said['load_before'][0]:g}."
    )

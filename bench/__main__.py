"""python -m bench [peers|server|growth|limit|report|all]: see bench/README.md."""

import argparse
import importlib
import time
from pathlib import Path

from bench.common import SECTIONS, Settings, context, merge, newest, results_file


def main() -> None:
    """Measure the named section, or all, and write the tables."""
    arguments = parser().parse_args()
    usual = Settings()
    settings = Settings(
        work=arguments.work or usual.work,
        runs=arguments.runs,
        small=arguments.small,
        quick=arguments.quick,
        only=tuple(arguments.only),
        data=arguments.data,
        requests=arguments.requests,
    )
    path = arguments.results or results_file()
    if arguments.section == "report":
        write_report(arguments.results or newest())
        return
    for section in SECTIONS if arguments.section == "all" else (arguments.section,):
        run(section, settings, path)
    if arguments.section == "all" and not settings.small:
        write_report(path)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m bench", description="HexaFace and its peers, side by side.")
    result.add_argument("section", nargs="?", default="all", choices=[*SECTIONS, "report", "all"])
    result.add_argument("--work", type=Path, help="folder for peers' environments and composed photographs")
    result.add_argument("--results", type=Path, help="file of results; by default by date and processor")
    result.add_argument("--runs", type=int, default=30, help="counted runs per figure")
    result.add_argument("--small", action="store_true", help="a few rows, no download: what the test runs")
    result.add_argument("--quick", action="store_true", help="few rows of the peers, for a look while developing")
    result.add_argument("--only", nargs="+", default=[], metavar="PEER", help="only these peers")
    result.add_argument("--data", type=Path, help="folder with labelled photographs (images.zip, labels.csv)")
    result.add_argument("--requests", type=int, default=10_000, help="requests while the server's memory is watched")
    return result


def run(section: str, settings: Settings, path: Path) -> None:
    """One section; what it measured is written at once, so that a later failure costs nothing."""
    before, start = context(), time.monotonic()
    print(f"{section} ...", flush=True)
    measured = importlib.import_module(SECTIONS[section]).measure(settings)
    merge(path, section, {"context": before | {"minutes": round((time.monotonic() - start) / 60, 1)}, **measured})
    print(f"{section}: {(time.monotonic() - start) / 60:.1f} minutes, in {path}", flush=True)


def write_report(path: Path | None) -> None:
    """Tables and chart from a file of results; the short tables are printed too."""
    if path is None or not path.is_file():
        raise SystemExit("There are no results yet: python -m bench")
    report = importlib.import_module("bench.report")
    report.write(path)
    print(report.printed(path))


if __name__ == "__main__":
    main()

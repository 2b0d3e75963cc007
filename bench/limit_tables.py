"""The tables of the physical limit, and the chart of where a request's time goes."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.summary import number
from bench.tables import table
from ml.training import svg

Section = Mapping[str, Any]


def limit_tables(limit: Section, chart: str) -> Iterator[str]:
    """Markdown; `chart` is the file of the chart."""
    best = ", ".join(
        f"{peak['best']:g} in {peak['precision']} with {peak['threads']} thread{'s' * (peak['threads'] > 1)}"
        for peak in limit["peak"]
    )
    yield (
        f"Peak of this machine through LiteRT and XNNPACK, the best of several large matrix products: {best} billion "
        "multiply-adds a second. A network's share is of the peak of its precision."
    )
    yield table(
        ("network", "input", "million multiply-adds", "1 thread ms", "share of peak", "2 threads ms", "share of peak"),
        [_network(row) for row in limit["networks"]],
    )
    request = limit["request"]
    yield (
        f"One request for everything ({limit['photograph']}) runs {number(request['mmac'])} million multiply-adds; "
        f"at the peaks of one thread they would take {number(request['at_peak_ms'])} ms, the engine takes "
        f"{number(request['bare_ms'])} ms with one thread: "
        f"{100 * request['share_of_peak']:.0f} % of the peak."
    )
    yield f"![Where the time of one request goes](results/{chart})"


def limit_chart(limit: Section) -> str:
    """Bars: milliseconds of each stage of one request, largest first, the web layer's parts at the end."""
    rows = [(name.removeprefix("network "), ms, ms, ms) for name, ms in stages(limit).items() if ms >= 0.05]
    return svg.bars("Where the time of one request goes, one face, one thread", rows, unit="milliseconds, median")


def stages(limit: Section) -> dict[str, float]:
    """Stage to milliseconds: the engine's, then the web layer's where it was measured."""
    found = dict(limit["request"]["stages_ms"])
    web = next((row for row in limit["web"] if row["path"] == "analyze"), None)
    if web is not None:
        encode = limit["encode_ms"]
        found["JSON answer"] = encode
        found["HTTP, form, Django"] = round(max(0.0, web["beyond_own_timing_ms"] - encode), 2)
    return found


def _network(row: Section) -> tuple[str, ...]:
    shape = "x".join(map(str, row["input"][1:]))
    batch = f"{row['input'][0]} of " if row["input"][0] > 1 else ""
    cells = [
        cell
        for threads in (1, 2)
        for cell in (
            f"{row[f'threads_{threads}']['ms']:.2f}",
            f"{100 * row[f'threads_{threads}']['share_of_peak']:.0f} %",
        )
    ]
    return (row["network"], f"{batch}{shape}", f"{row['mmac']:.1f}", *cells)

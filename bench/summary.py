"""The short table of the README: HexaFace, the best peer, and by how much ahead or behind; then the aims."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bench.aims import further
from bench.reasons import reason

Result = Mapping[str, Any]
OURS: Final = "hexaface"
PHOTOGRAPHS: Final = {
    "face-320": "one face, 320x240",
    "face-640": "one face, 640x480",
    "face-1280": "one face, 1280x960",
    "face-4000": "one face, 4000x3000",
    "group-1": "one small face, 1280x960",
    "group-5": "5 faces, 1280x960",
    "group-20": "20 faces, 1280x960",
}
TASKS: Final = {
    "detect": "detection",
    "identity": "detection, landmarks and embedding",
    "together": "everything",
}
ROWS: Final = (
    ("detect", "face-640"),
    ("detect", "group-20"),
    ("detect", "face-4000"),
    ("landmarks", "face-640"),
    ("embedding", "face-640"),
    ("age and gender", "face-640"),
    ("emotion", "face-640"),
    ("identity", "face-640"),
    ("together", "face-640"),
    ("together", "group-20"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: each candidate's value; `kind` finds the reason when we are behind. found: how many faces, where that is known."""

    what: str
    kind: str
    unit: str
    values: Mapping[str, float]
    more_is_better: bool = False
    found: Mapping[str, float] = field(default_factory=dict)


def summary(result: Result) -> str:
    """Markdown."""
    threads = max((row["threads"] for row in result["rows"]), default=1)
    head = "| what | HexaFace | best peer | |\n|---|---|---|---|\n"
    return head + "".join(_line(line, result) for line in lines(result, threads))


def lines(result: Result, threads: int) -> Iterator[Line]:
    """Every row that HexaFace has a figure in."""
    for task, photograph in ROWS:
        row = _row(result, threads, task, photograph)
        cells = {key: cell["median"] for key, cell in row.items() if "median" in cell}
        found = {key: cell["found"] for key, cell in row.items() if "found" in cell}
        yield Line(f"{TASKS.get(task, task)}, {PHOTOGRAPHS[photograph]}", task, "ms", cells, found=found)
    keys = _row(result, threads, "together", "group-20")
    each = {key: value for key in keys if (value := further(result, threads, key)) is not None and value > 0}
    yield Line("everything, each further face", "further", "ms", each)
    for part, what, unit, scale in (
        ("ready_ms", "from nothing to the first answer", "s", 1000.0),
        ("memory_mb", "memory after it", "MB", 1.0),
    ):
        starts = {name: cell[part]["median"] / scale for name, cell in result["start"].items() if part in cell}
        yield Line(what, part, unit, starts)
    for count, rates in sorted(result["folder"].items()):
        cells = {name: cell["per_second"] for name, cell in rates.items() if "per_second" in cell}
        found = {name: min(1.0, rate["faces"] / rate["photos"]) for name, rate in rates.items() if name in cells}
        processes = "one process" if count == "1" else f"{count} processes"
        what = f"folder of photographs, decode and detect, {processes}"
        yield Line(what, "folder", "a second", cells, more_is_better=True, found=found)


def _row(result: Result, threads: int, task: str, photograph: str) -> Mapping[str, Any]:
    for row in result["rows"]:
        if (row["threads"], row["task"], row["photograph"]) == (threads, task, photograph):
            cells: Mapping[str, Any] = row["figures"]
            return cells
    return {}


def _line(line: Line, result: Result) -> str:
    ours = line.values.get(OURS)
    if ours is None:
        return ""
    own = f"{number(ours)} {line.unit}"
    fast = line.values.get(f"{OURS}/blazeface")
    own += f" (blazeface {number(fast)})" if fast is not None else ""
    others = {key: value for key, value in line.values.items() if key.split("/")[0] != OURS}
    fair = {key: value for key, value in others.items() if line.found.get(key, 0) >= line.found.get(OURS, 0)}
    if not fair:
        return f"| {line.what} | {own} | none | |\n"
    best = (max if line.more_is_better else min)(fair, key=lambda key: fair[key])
    ratio = ours / fair[best] if line.more_is_better else fair[best] / ours
    said = f"{named(best, result)} {number(fair[best])} {line.unit}"
    return f"| {line.what} | {own} | {said} | {_standing(ratio, line.kind, best, result)}{_missing(line, others, result)} |\n"


def _missing(line: Line, others: Mapping[str, float], result: Result) -> str:
    """Those that are faster than HexaFace because they miss faces."""
    if line.more_is_better:
        return ""
    quick = [
        f"{named(key, result)} {number(value)} {line.unit} ({line.found[key]:g} faces)"
        for key, value in sorted(others.items(), key=lambda item: item[1])
        if line.found.get(key, 0) < line.found.get(OURS, 0) and value < line.values[OURS]
    ]
    return f"; faster, but missing faces: {', '.join(quick)}" if quick else ""


def _standing(ratio: float, kind: str, best: str, result: Result) -> str:
    if ratio >= 1:
        return f"{number(ratio)} times better"
    why = reason(kind, best, result)
    return f"behind {number(1 / ratio)} times" + (f": {why}" if why else "")


def named(key: str, result: Result) -> str:
    """A candidate's name for the reader: the peer's title and the variant."""
    name, _, variant = key.partition("/")
    title = result["peers"].get(name, {}).get("title", name)
    return f"{title} ({variant})" if variant else title


def number(value: float) -> str:
    """Three digits, never more than one after the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def aims_table(sections: Mapping[str, Any]) -> str:
    """Every aim of every section."""
    rows = [aim for section in sections.values() for aim in section.get("aims", [])]
    head = "| aim | wanted | measured | met |\n|---|---|---|---|\n"
    return head + "".join(_aim(aim) for aim in rows)


def _aim(aim: Mapping[str, Any]) -> str:
    what = aim["aim"] + (f", {aim['threads']} thread{'s' * (aim['threads'] > 1)}" if "threads" in aim else "")
    unit = aim.get("unit", "")
    sign = "at most" if unit == "ms" else "at least"
    wanted = f"{sign} {aim['wanted']:g} {unit}" if "wanted" in aim else ""
    measured = aim["measured"] if isinstance(aim["measured"], str) else f"{number(aim['measured'])} {unit}"
    return f"| {what} | {wanted} | {measured} | {'yes' if aim['met'] else '**no**'} |\n"

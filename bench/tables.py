"""The full tables of the peers for bench/README.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.summary import PHOTOGRAPHS, TASKS, named, number

Result = Mapping[str, Any]


def tables(result: Result) -> str:
    """Markdown: one table per task and number of threads, then starts, folder, accuracy, and who was measured."""
    parts = [*_tasks(result), _starts(result), _folder(result), _accuracy(result), _peers(result)]
    return "\n".join(part for part in parts if part)


def _tasks(result: Result) -> Iterator[str]:
    kinds = list(dict.fromkeys((row["task"], row["threads"]) for row in result["rows"]))
    for task, threads in sorted(kinds, key=lambda kind: (-kind[1], kinds.index(kind))):
        rows = [row for row in result["rows"] if (row["task"], row["threads"]) == (task, threads)]
        keys = _sorted(list(dict.fromkeys(key for row in rows for key in row["figures"])))
        title = f"#### {TASKS.get(task, task).capitalize()}, {threads} thread{'s' * (threads > 1)}, milliseconds\n\n"
        head = [PHOTOGRAPHS[row["photograph"]] for row in rows]
        yield title + table(
            ["", *head],
            [[named(key, result), *(cell(row["figures"].get(key, {})) for row in rows)] for key in keys],
        )


def cell(figure: Mapping[str, Any]) -> str:
    """Median, quartiles, runs where they are few, faces found where there are several."""
    if "failed" in figure:
        return str(figure["failed"]).replace("|", "/")[:80]
    if "median" not in figure:
        return ""
    said = f"{number(figure['median'])} ({number(figure['low'])} to {number(figure['high'])})"
    if figure["runs"] < 30:
        said += f", {figure['runs']} runs"
    if figure.get("of", 1) > 1 or figure.get("found", 1) != figure.get("of", 1):
        said += f", found {figure['found']} of {figure['of']}"
    return said + (f", {figure['wrong']} wrong" if figure.get("wrong") else "")


def _starts(result: Result) -> str:
    parts = {
        "import_ms": "import ms",
        "load_ms": "load ms",
        "first_ms": "first detection ms",
        "ready_ms": "from nothing to that answer ms",
        "memory_mb": "memory after it MB",
    }
    rows = []
    for name in _sorted(list(result["start"])):
        started = result["start"][name]
        after = [result.get("memory", {}).get(threads, {}).get(name, {}) for threads in ("2",)]
        most = number(after[0]["most"]) if after[0] else ""
        if "failed" in started:
            rows.append([named(name, result), started["failed"], *[""] * len(parts)])
        else:
            rows.append([named(name, result), *(number(started[part]["median"]) for part in parts), most])
    return "#### Start and memory, 2 threads\n\n" + table(["", *parts.values(), "most memory in all rows MB"], rows)


def _folder(result: Result) -> str:
    counts = sorted(result["folder"])
    keys = _sorted(list(dict.fromkeys(key for count in counts for key in result["folder"][count])))
    head = [f"{count} process{'es' * (count != '1')}, photographs a second" for count in counts]
    rows = [[named(key, result), *(_rate(result["folder"][count].get(key, {})) for count in counts)] for key in keys]
    return "#### A folder of photographs of 640x480: decode and detect\n\n" + table(["", *head], rows)


def _rate(figure: Mapping[str, Any]) -> str:
    if "per_second" not in figure:
        return str(figure.get("failed", ""))
    missed = figure["photos"] - figure["faces"]
    more = f", {abs(missed)} face{'s' * (abs(missed) != 1)} {'missed' if missed > 0 else 'too many'}" if missed else ""
    return f"{number(figure['per_second'])} ({figure['photos']} files{more})"


def _accuracy(result: Result) -> str:
    measured = result.get("accuracy")
    if not measured:
        return ""
    sources = list(measured["photographs"])
    said = ", ".join(
        f"{measured['photographs'][name]} of {name} with {measured['faces'][name]} faces" for name in sources
    )
    head = [f"{source}: recall, precision" for source in sources]
    rows = []
    for key in _sorted(list(measured["detectors"])):
        found = measured["detectors"][key]
        if "failed" in found:
            rows.append([named(key, result), found["failed"], *[""] * len(sources)])
            continue
        cells = [f"{found[source]['recall']:.3f}, {found[source]['precision']:.3f}" for source in sources]
        rows.append([named(key, result), *cells, f"{number(found['ms']['median'])}"])
    title = f"#### Detection on labelled photographs ({said}; IoU {measured['iou']}), each with its own threshold\n\n"
    return title + table(["", *head, "ms"], rows)


def _peers(result: Result) -> str:
    rows = [
        [
            said["title"],
            said["version"] or "",
            f"`{said['called']}`" if said["called"] else "",
            said["note"] + _why(said),
        ]
        for said in result["peers"].values()
    ]
    return "#### Who was measured, and how\n\n" + table(["", "version", "call", "note"], rows)


def _why(said: Mapping[str, Any]) -> str:
    return f" **Not measured: {said['missing'].replace('|', '/')}**" if "missing" in said else ""


def _sorted(keys: Sequence[str]) -> list[str]:
    """HexaFace first, the others by name."""
    return sorted(keys, key=lambda key: (key.split("/")[0] != "hexaface", key))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

"""The chart of the README: bars in groups, HexaFace in colour, the peers in grey."""

from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from bench.aims import figure
from bench.summary import PHOTOGRAPHS, TASKS, named, number
from ml.training import svg

Result = Mapping[str, Any]
SHOWN: Final = ("detect", "identity", "together")
PHOTOGRAPH: Final = "face-640"
HIDDEN: Final = ("/20px", "/without embedding")
LEFT: Final = 190
ROOM: Final = 110  # for the figures beyond the longest bar
ROW: Final = 18

Bar = tuple[str, float]


def chart(result: Result) -> str:
    """Milliseconds for one face on 640x480 by task and candidate, fastest first."""
    threads = max((row["threads"] for row in result["rows"]), default=1)
    groups = {task: _bars(result, threads, task) for task in SHOWN}
    most = max((ms for bars in groups.values() for _, ms in bars), default=1.0)
    parts: list[str] = []
    y = 40
    for task, bars in groups.items():
        if bars:
            parts.append(f'<text x="14" y="{y + 14}">{escape(TASKS[task].capitalize())}</text>')
            y += 22
            parts += [_bar(key, ms, (y + ROW * place, most), result) for place, (key, ms) in enumerate(bars)]
            y += ROW * len(bars) + 8
    title = f"{PHOTOGRAPHS[PHOTOGRAPH].capitalize()}, {threads} threads: milliseconds, shorter is better"
    words = "; ".join(
        f"{TASKS[task]}, {named(key, result)}: {number(ms)}" for task, bars in groups.items() for key, ms in bars
    )
    return svg.document(title, words, y + 8, parts)


def _bars(result: Result, threads: int, task: str) -> list[Bar]:
    rows = [row for row in result["rows"] if (row["task"], row["photograph"]) == (task, PHOTOGRAPH)]
    keys = [key for key in (rows[-1]["figures"] if rows else {}) if not key.endswith(HIDDEN)]
    cells = {key: figure(result, threads, task, PHOTOGRAPH, key) for key in keys}
    return sorted(((key, cell["median"]) for key, cell in cells.items() if "median" in cell), key=lambda bar: bar[1])


def _bar(key: str, ms: float, place: tuple[int, float], result: Result) -> str:
    y, most = place
    width = (svg.WIDTH - LEFT - ROOM) * ms / most
    colour = "fa" if key.startswith("hexaface") else "fd"
    return (
        f'<text class="m" x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(named(key, result))}</text>'
        f'<rect class="{colour}" x="{LEFT}" y="{y + 3}" width="{max(width, 1):.1f}" height="{ROW - 6}"/>'
        f'<text class="m" x="{LEFT + width + 6:.1f}" y="{y + 12}">{number(ms)}</text>'
    )

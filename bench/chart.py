"""The chart of the README."""

from collections.abc import Mapping
from typing import Any, Final

from bench.aims import figure
from bench.summary import named
from ml.training import svg

Result = Mapping[str, Any]
SHOWN: Final = (("detect", "detect"), ("identity", "identify"), ("together", "everything"))
PHOTOGRAPH: Final = "face-640"


def chart(result: Result) -> str:
    """Bars: milliseconds for one face on 640x480 by task and candidate, fastest first, with quartiles."""
    threads = max((row["threads"] for row in result["rows"]), default=1)
    rows = []
    for task, word in SHOWN:
        cells = {key: figure(result, threads, task, PHOTOGRAPH, key) for key in _keys(result, task)}
        for key, cell in sorted(cells.items(), key=lambda item: float(item[1].get("median", 0))):
            if "median" in cell:
                rows.append((f"{word}: {_short(key, result)}", cell["median"], cell["low"], cell["high"]))
    title = f"One face on 640x480, {threads} threads: shorter is better"
    return svg.bars(title, rows, unit="milliseconds, median and quartiles")


def _keys(result: Result, task: str) -> list[str]:
    rows = [row for row in result["rows"] if (row["task"], row["photograph"]) == (task, PHOTOGRAPH)]
    return [key for key in (rows[-1]["figures"] if rows else {}) if "/20px" not in key and "/without" not in key]


def _short(key: str, result: Result) -> str:
    return named(key, result).removeprefix("@vladmandic/").replace("OpenCV Haar cascade", "Haar")

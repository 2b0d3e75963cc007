"""How the cost grows with faces and with pixels: JPEG bytes in, all tasks out, in this process with one and two threads.

python -m bench growth
"""

import multiprocessing
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import scenes
from bench.common import Settings
from bench.overhead import engine_for, timed
from ml.engine import PHOTO_TASKS, Engine
from ml.images import decode
from ml.reports import Report

FACES: Final = (0, 1, 2, 5, 10, 20, 50)
MEGAPIXELS: Final = (0.1, 0.5, 1.0, 2.0, 6.0, 12.0, 24.0)
AIM_FACE_MS: Final = 30.0
AIM_PIXELS: Final = 2.0
WARM: Final = 3


def measure(settings: Settings) -> dict[str, Any]:
    """Both tables; small: few sizes."""
    runs = 2 if settings.small else settings.runs
    counts, sizes = ((0, 1, 3), (0.1, 1.0)) if settings.small else (FACES, MEGAPIXELS)
    by_faces = {str(count): scenes.faces(count) for count in counts}
    by_pixels = {f"{size:g}": scenes.scaled(size) for size in sizes}
    groups = {} if settings.small else {f"{size:g}": scenes.scaled(size, whole_group=True) for size in (1.0, 24.0)}
    result: dict[str, Any] = {
        "canvas": f"{scenes.CANVAS[1]}x{scenes.CANVAS[0]}",
        "faces": [],
        "pixels": [],
        "small_faces": [],
    }
    for threads in (1, 2):
        engine = engine_for(threads)
        result["faces"] += rows(engine, by_faces, "faces", threads, runs)
        result["pixels"] += rows(engine, by_pixels, "megapixels", threads, runs)
        result["small_faces"] += rows(engine, groups, "megapixels", threads, runs)
        engine.close()
    return result | {
        "aims": [aim for threads in (1, 2) for aim in (per_face(result, threads), largest(result, threads))]
    }


def rows(engine: Engine, files: Mapping[str, bytes], name: str, threads: int, runs: int) -> list[dict[str, Any]]:
    """One row per file; the files take turns, so that a slow moment of the machine meets all of them."""
    times: dict[str, list[tuple[float, float]]] = {label: [] for label in files}
    found: dict[str, int] = {}
    for turn in range(runs + WARM):
        for label, data in files.items():
            ms, report = timed(partial(analyze, engine, data, label))
            found[label] = len(report.faces)
            if turn >= WARM:
                times[label].append((ms, report.timing_ms["decode"]))
    return [
        {
            name: float(label),
            "threads": threads,
            **_figures(times[label]),
            "found": found[label],
            "size": "x".join(map(str, scenes.size_of(data))),
            "bytes": len(data),
            "peak_mb": peak_mb(label, data) if threads == 2 else None,
        }
        for label, data in files.items()
    ]


def per_face(result: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """The aim about each further face: from the fewest to the most, divided by the difference."""
    own = [row for row in result["faces"] if row["threads"] == threads and row["faces"] > 0]
    each = (own[-1]["median_ms"] - own[0]["median_ms"]) / (own[-1]["faces"] - own[0]["faces"])
    return {
        "aim": "each further face at most 30 ms",
        "threads": threads,
        "measured": f"{each:.1f} ms from {own[0]['faces']:g} to {own[-1]['faces']:g} faces",
        "met": each <= AIM_FACE_MS,
    }


def largest(result: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """The aim about 24 megapixels against one."""
    own = {row["megapixels"]: row["median_ms"] for row in result["pixels"] if row["threads"] == threads}
    most = max(own)
    return {
        "aim": "a 24-megapixel photograph at most twice a 1-megapixel one",
        "threads": threads,
        "measured": f"{own[most] / own[1.0]:.2f} times ({own[most]:.0f} ms for {most:g} megapixels, {own[1.0]:.0f} ms for one)",
        "met": own[most] / own[1.0] <= AIM_PIXELS,
    }


def analyze(engine: Engine, data: bytes, label: str) -> Report:
    """Every task; detection alone where there is no face, which has no other answer."""
    return engine.analyze(decode(data), PHOTO_TASKS if float(label) > 0 else ["detect"])


def peak_mb(label: str, data: bytes) -> float:
    """The most resident memory (10^6 bytes) of a process that loads the engine with two threads and answers this three times."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_alone, (label, data))


def _alone(label: str, data: bytes) -> float:
    engine = engine_for(2)
    for _ in range(3):
        analyze(engine, data, label)
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6, 1)


def _figures(times: list[tuple[float, float]]) -> dict[str, float]:
    whole, decoding = [ms for ms, _ in times], [ms for _, ms in times]
    quartiles = statistics.quantiles(whole, n=4)
    return {
        "median_ms": round(statistics.median(whole), 1),
        "low_ms": round(quartiles[0], 1),
        "high_ms": round(quartiles[2], 1),
        "decode_ms": round(statistics.median(decoding), 1),
    }

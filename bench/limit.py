"""How far from the machine's limit: multiply-adds of each network against the measured peak, and where the time of one request goes.

python -m bench limit
"""

import json
import statistics
from typing import Any, Final, get_args

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from apps.core.serialisers import analyze_report
from bench import multiplying, overhead, peak, stages
from bench.common import ROOT, Settings
from bench.serving import server
from ml.engine import PHOTO_TASKS, Engine
from ml.images import decode
from ml.manifest import NetworkSpec, Precision
from ml.runtime import content_of

PHOTO: Final = ROOT / "static" / "samples" / "astronaut.jpg"


def measure(settings: Settings) -> dict[str, Any]:
    """Everything; small: few runs, no server."""
    runs = 3 if settings.small else settings.runs
    photo = PHOTO.read_bytes()
    seconds = 0.02 if settings.small else peak.SECONDS
    peaks = [peak.peak(threads, precision, seconds) for precision in get_args(Precision) for threads in (1, 2)]
    engine = overhead.engine_for(1)
    request = stages.request(engine, photo, runs)
    with stages.watching() as watch:  # what analyze does not run
        engine.verify(decode(photo), decode(photo))
        engine.synthesize(count=1, seed=1)
    shapes = {(row["network"], tuple(row["shape"])) for row in request["runs"]} | set(watch.runs)
    specs = {spec.key: spec for spec in engine.specs}
    networks = [network(specs[key], shape, runs, peaks) for key, shape in sorted(shapes)]
    result = {
        "photograph": f"{PHOTO.name}, 512x512 pixels, one face",
        "peak": peaks,
        "networks": networks,
        "request": {**request, **whole(request, networks, peaks)},
        "encode_ms": _encoding(engine, photo, runs),
        "web": [] if settings.small else _web(photo, runs),
    }
    engine.close()
    return result


def network(spec: NetworkSpec, shape: tuple[int, ...], runs: int, peaks: list[dict[str, Any]]) -> dict[str, Any]:
    """One network on one input: its multiply-adds, its time with one and two threads of XNNPACK, its share of its precision's peak."""
    content = content_of(spec, ROOT / "weights")
    count = multiplying.multiply_adds(content, shape)
    row: dict[str, Any] = {"network": spec.key, "input": list(shape), "mmac": round(count / 1e6, 2)}
    row["precision"] = spec.precision
    for found in (one for one in peaks if one["precision"] == spec.precision):
        threads = found["threads"]
        ms = statistics.median(peak.times(_interpreter(content, shape, threads), runs))
        rate = count / ms / 1e6
        row[f"threads_{threads}"] = {
            "ms": round(ms, 3),
            "gmac_per_second": round(rate, 2),
            "share_of_peak": round(rate / found["best"], 3),
        }
    return row


def whole(request: dict[str, Any], networks: list[dict[str, Any]], peaks: list[dict[str, Any]]) -> dict[str, Any]:
    """The multiply-adds of one request, what they would take at the peaks of one thread, and the share that the request reaches."""
    best = {found["precision"]: found["best"] for found in peaks if found["threads"] == 1}
    known = {(row["network"], tuple(row["input"])): row for row in networks}
    runs = [(known[run["network"], tuple(run["shape"])], run["times"]) for run in request["runs"]]
    mmac = sum(row["mmac"] * times for row, times in runs)
    least = sum(row["mmac"] * times / best[row["precision"]] for row, times in runs)
    return {
        "mmac": round(mmac, 1),
        "at_peak_ms": round(least, 2),
        "share_of_peak": round(least / request["bare_ms"], 3),
    }


def _interpreter(content: bytes, shape: tuple[int, ...], threads: int) -> Interpreter:
    interpreter = Interpreter(model_content=content, num_threads=threads)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, list(shape))
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, np.random.default_rng(1).uniform(0, 1, shape).astype(np.float32))
    return interpreter


def _encoding(engine: Engine, photo: bytes, runs: int) -> float:
    """Milliseconds from the engine's report to the text of the answer."""
    report = engine.analyze(decode(photo), PHOTO_TASKS)
    taken = [
        overhead.timed(lambda: json.dumps(analyze_report(report, request_id="bench"), allow_nan=False))[0]
        for _ in range(runs)
    ]
    return round(statistics.median(taken), 2)


def _web(photo: bytes, runs: int) -> list[dict[str, Any]]:
    with server() as running:
        return overhead.web_layer(running, photo, runs)

"""The server under load: requests per second and times by number of clients, refusals, memory over many requests, processes and threads.

    python -m bench server [--requests 10000]

One photograph of 512x512 pixels with one face (60 kB of JPEG), posted as a form over keep-alive connections.
"""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bench.callers import aim_threads, two_callers
from bench.common import ROOT, Settings
from bench.loading import Answers, Budget, form, load
from bench.overhead import aim_web, web_layer
from bench.serving import Server, server

PHOTO: Final = ROOT / "static" / "samples" / "astronaut.jpg"
CLIENTS: Final = (1, 4, 16, 64)
MARKS: Final = (50, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
SECONDS: Final = 15.0
SOAKING: Final = 4
LAYOUTS: Final[Mapping[str, Mapping[str, str]]] = {
    "1 process, 3 requests at once (default on 2 cores)": {},
    "1 process, 1 request at once": {"HEXAFACE_CONCURRENCY": "1"},
    "1 process, 2 requests at once": {"HEXAFACE_CONCURRENCY": "2"},
    "1 process, 4 requests at once": {"HEXAFACE_CONCURRENCY": "4"},
    "2 processes, 1 request at once in each": {
        "HEXAFACE_WORKERS": "2",
        "HEXAFACE_CONCURRENCY": "1",
        "HEXAFACE_ENGINE_THREADS": "1",
    },
}


def measure(settings: Settings) -> dict[str, Any]:
    """All figures of the server; small: few clients for less than a second each."""
    small, photo = settings.small, PHOTO.read_bytes()
    seconds, requests, runs = (0.5, 20, 3) if small else (SECONDS, settings.requests, settings.runs)
    body, many = form(photo), 24 if small else CLIENTS[-1]
    with server() as running:
        web = web_layer(running, photo, runs)
        rows = [
            row
            for path in ("analyze", "detect")
            for row in by_clients(running, path, body, seconds, (1, 24) if small else CLIENTS)
        ]
        rows.append(one_row(running, "analyze", body, clients=many, seconds=seconds, patient=False))
    with server() as running:
        memory = soak(running, body, requests)
    threads = two_callers(photo, seconds)
    return {
        "photograph": f"{PHOTO.name}, 512x512 pixels, one face, {PHOTO.stat().st_size:,} bytes",
        "clients": rows,
        "memory": memory,
        "web_layer": web,
        "two_callers": threads,
        "layouts": [] if small else [layout(name, body, seconds) for name in LAYOUTS],
        "aims": [aim_web(web), aim_threads(threads)],
    }


def by_clients(running: Server, path: str, body: bytes, seconds: float, counts: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each number of clients, after a warm-up."""
    load(running.port, f"/api/v1/{path}", body, clients=4, budget=Budget(seconds=min(seconds, 3)))
    return [one_row(running, path, body, clients=clients, seconds=seconds) for clients in counts]


def one_row(
    running: Server, path: str, body: bytes, *, clients: int, seconds: float, patient: bool = True
) -> dict[str, Any]:
    """One load with the server's memory before and after, and its processor time per answer."""
    before, cpu = running.memory_mb(), running.cpu_seconds()
    answers = load(
        running.port, f"/api/v1/{path}", body, clients=clients, budget=Budget(seconds=seconds), patient=patient
    )
    spent = running.cpu_seconds() - cpu
    return {
        "path": path,
        "clients": clients,
        "patient": patient,
        **answers.row(),
        "server_cores": round(spent / answers.seconds, 2),
        "memory_mb": [round(before, 1), round(running.memory_mb(), 1)],
    }


def soak(running: Server, body: bytes, requests: int) -> list[dict[str, Any]]:
    """Memory at marks while four clients ask for everything."""
    rows: list[dict[str, Any]] = [{"requests": 0, "memory_mb": round(running.memory_mb(), 1)}]
    for mark in [*(mark for mark in MARKS if mark < requests), requests]:
        count = mark - int(rows[-1]["requests"])
        answers = load(running.port, "/api/v1/analyze", body, clients=SOAKING, budget=Budget(requests=count))
        rows.append({"requests": mark, "memory_mb": round(running.memory_mb(), 1), **_soaked(answers)})
    return rows


def _soaked(answers: Answers) -> dict[str, Any]:
    statuses = {str(status): count for status, count in sorted(answers.statuses.items())}
    return {"p50_ms": round(statistics.median(answers.ms), 1) if answers.ms else None, "statuses": statuses}


def layout(name: str, body: bytes, seconds: float) -> dict[str, Any]:
    """Four clients on a server with other numbers of processes and threads."""
    with server(LAYOUTS[name]) as running:
        load(running.port, "/api/v1/analyze", body, clients=4, budget=Budget(seconds=3))
        row = one_row(running, "analyze", body, clients=4, seconds=seconds)
    return {"layout": name, **row}

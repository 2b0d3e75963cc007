"""What the web layer adds to the engine's own time."""

import http.client
import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from bench.common import ROOT
from bench.loading import HEADERS, form
from bench.serving import Server
from ml.engine import PHOTO_TASKS, Engine
from ml.images import decode

Result = TypeVar("Result")

AIM_WEB: Final = 0.10
WARM: Final = 5


def engine_for(threads: int) -> Engine:
    """A warm engine of our own."""
    engine = Engine(ROOT / "weights", threads=threads)
    engine.warm_up()
    return engine


def web_layer(running: Server, photo: bytes, runs: int) -> list[dict[str, Any]]:
    """Milliseconds over HTTP with one client against decode and analyze in this process, in turns on the same bytes.

    beyond_own_timing_ms: HTTP less what the server itself says its engine took (`timing_ms.total`): the web layer measured a second
    way, within one process.
    """
    engine = engine_for(2)
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    rows = [
        _compared(path, tasks, connection=connection, engine=engine, photo=photo, runs=runs)
        for path, tasks in (("analyze", PHOTO_TASKS), ("detect", ("detect",)))
    ]
    rows.append(_nothing(connection, runs))
    connection.close()
    engine.close()
    return rows


def _compared(
    path: str,
    tasks: Sequence[str],
    *,
    connection: http.client.HTTPConnection,
    engine: Engine,
    photo: bytes,
    runs: int,
) -> dict[str, Any]:
    http_ms: list[float] = []
    engine_ms: list[float] = []
    beyond_ms: list[float] = []
    body = form(photo)
    for _ in range(runs + WARM):
        over, content = timed(lambda: _post(connection, f"/api/v1/{path}", body))
        own, _ = timed(lambda: engine.analyze(decode(photo), tasks))
        http_ms.append(over)
        engine_ms.append(own)
        beyond_ms.append(over - json.loads(content)["timing_ms"]["total"])
    over, own = statistics.median(http_ms[WARM:]), statistics.median(engine_ms[WARM:])
    return {
        "path": path,
        "http_ms": round(over, 2),
        "engine_ms": round(own, 2),
        "web_ms": round(over - own, 2),
        "web_share": round(over / own - 1, 3),
        "beyond_own_timing_ms": round(statistics.median(beyond_ms[WARM:]), 2),
    }


def _nothing(connection: http.client.HTTPConnection, runs: int) -> dict[str, Any]:
    """A request without work: what gunicorn, Django's middleware and the client cost at least."""
    times = []
    for _ in range(runs + WARM):
        begin = time.perf_counter()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        times.append((time.perf_counter() - begin) * 1000)
    return {"path": "healthz", "http_ms": round(statistics.median(times[WARM:]), 2)}


def _post(connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes:
    connection.request("POST", path, body, HEADERS)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {content[:200]!r}")
    return content


def timed(run: Callable[[], Result]) -> tuple[float, Result]:
    """Milliseconds and the result."""
    begin = time.perf_counter()
    result = run()
    return (time.perf_counter() - begin) * 1000, result


def aim_web(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The aim about the web layer, for everything at once."""
    share = rows[0]["web_share"]
    return {
        "aim": "web layer at most 10 % over the engine's own time",
        "measured": f"{100 * share:.1f} %",
        "met": share <= AIM_WEB,
    }

"""The tables and charts of the sections that are not about peers: the server, growth, the limit."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bench.growth_tables import growth_tables
from bench.limit_tables import limit_chart, limit_tables
from bench.summary import number
from bench.tables import table

Section = Mapping[str, Any]
STAGES: Final = "stages.svg"


def server_tables(sections: Mapping[str, Any]) -> str:
    """Markdown of what was measured of the server, of growth and of the limit; empty when nothing was."""
    parts = []
    if "server" in sections:
        parts += ["### The server", *_server(sections["server"])]
    if "growth" in sections:
        parts += ["### Growth with faces and with pixels", *growth_tables(sections["growth"])]
    if "limit" in sections:
        parts += ["### The physical limit", *limit_tables(sections["limit"], STAGES)]
    return "".join(f"\n{part.rstrip()}\n" for part in parts)


def server_charts(sections: Mapping[str, Any]) -> dict[str, str]:
    """Charts as SVG by file name, beside the results."""
    return {STAGES: limit_chart(sections["limit"])} if "limit" in sections else {}


def _server(server: Section) -> Iterator[str]:
    yield f"Posted: {server['photograph']}, over keep-alive connections."
    head = ("task", "clients", "answers a second", "p50 ms", "p95 ms", "p99 ms", "429", "errors", "server cores")
    yield table(
        (*head, "client's share of a core", "memory MB before, after"), [_clients(row) for row in server["clients"]]
    )
    yield (
        "The server takes one request more at once than it has cores, and lets 16 wait; the next is answered 429 with Retry-After, "
        "which clients obey, except in the row that says otherwise. Percentiles are of the answered requests."
    )
    yield "#### The web layer"
    web = [row for row in server["web_layer"] if "engine_ms" in row]
    yield table(
        ("task", "over HTTP ms", "engine alone ms", "web layer ms", "share", "HTTP less the answer's own timing ms"),
        [
            (
                row["path"],
                number(row["http_ms"]),
                number(row["engine_ms"]),
                f"{row['web_ms']:.2f}",
                f"{100 * row['web_share']:.1f} %",
                f"{row['beyond_own_timing_ms']:.2f}",
            )
            for row in web
        ],
    )
    nothing = next(row["http_ms"] for row in server["web_layer"] if row["path"] == "healthz")
    yield f"A request without work, `/healthz`, takes {nothing:.2f} ms: HTTP, gunicorn, Django's middleware and the client."
    yield "#### Processes and threads"
    rates = server["two_callers"]
    yield (
        f"The engine, asked without HTTP: {rates['per_second']['one']:g} photographs a second by one thread, "
        f"{rates['per_second']['two_threads']:g} by two ({rates['two_threads_over_one']:g} times), "
        f"{rates['per_second']['two_processes']:g} by two processes ({rates['two_processes_over_one']:g} times)."
    )
    if server["layouts"]:
        yield table(
            ("server, 4 clients", "answers a second", "p50 ms", "p99 ms", "memory MB"),
            [
                (
                    row["layout"],
                    number(row["per_second"]),
                    _ms(row["p50_ms"]),
                    _ms(row["p99_ms"]),
                    number(row["memory_mb"][1]),
                )
                for row in server["layouts"]
            ],
        )
    yield f"#### Memory over {server['memory'][-1]['requests']:,} requests"
    yield table(
        ("requests", "memory MB", "median ms", "answers by status"),
        [
            (
                f"{row['requests']:,}",
                number(row["memory_mb"]),
                _ms(row.get("p50_ms")),
                _statuses(row.get("statuses", {})),
            )
            for row in server["memory"]
        ],
    )


def _clients(row: Section) -> tuple[str, ...]:
    impatient = "" if row["patient"] else ", asking again at once"
    return (
        row["path"],
        f"{row['clients']}{impatient}",
        number(row["per_second"]),
        _ms(row["p50_ms"]),
        _ms(row["p95_ms"]),
        _ms(row["p99_ms"]),
        str(row["refused_429"]),
        str(row["errors"]),
        f"{row['server_cores']:.2f}",
        f"{100 * row['client_cpu_share']:.1f} %",
        f"{number(row['memory_mb'][0])}, {number(row['memory_mb'][1])}",
    )


def _ms(value: float | None) -> str:
    return "" if value is None else number(value)


def _statuses(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} x {status}" for status, count in statuses.items())

"""Clients for the server: keep-alive connections in threads, closed loop, every answer counted.

Why our own and not wrk or locust: a request keeps a core busy for tens of milliseconds, a client of the standard library for about a
third of one; its share of the processor is measured and reported with each row, so anyone can see that it takes little from the server on
the same cores. It also does what wrk does not: check each answer, obey Retry-After, and send a photograph as a form.
"""

import http.client
import json
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

BOUNDARY: Final = "hexaface-bench"
HEADERS: Final = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
ANSWERED: Final = 200
REFUSED: Final = 429


@dataclass(slots=True)
class Answers:
    """What came back: statuses, 0 for a broken connection, and the milliseconds of those that were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    client_cpu: float = 0.0

    def add(self, status: int, ms: float) -> None:
        """Note one answer."""
        self.statuses[status] += 1
        if status == ANSWERED:
            self.ms.append(ms)
        elif status == REFUSED:
            self.refused_ms.append(ms)

    def row(self) -> dict[str, Any]:
        """Figures for a table; percentiles are of answered requests, nearest rank."""
        return {
            "answered": self.statuses[ANSWERED],
            "per_second": round(self.statuses[ANSWERED] / self.seconds, 1),
            "p50_ms": rank(self.ms, 0.50),
            "p95_ms": rank(self.ms, 0.95),
            "p99_ms": rank(self.ms, 0.99),
            "refused_429": self.statuses[REFUSED],
            "refused_p50_ms": rank(self.refused_ms, 0.50),
            "errors": sum(count for status, count in self.statuses.items() if status not in {ANSWERED, REFUSED}),
            "client_cpu_share": round(self.client_cpu / self.seconds, 3),
        }


def rank(values: list[float], share: float) -> float | None:
    """The value that `share` of the values do not exceed; None without values."""
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 2) if values else None


def form(photo: bytes, **fields: str) -> bytes:
    """A multipart form with the photograph and text fields."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return b"".join(parts) + head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


class Client:
    """One keep-alive connection; a broken one is opened again."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def post(self, path: str, body: bytes) -> tuple[int, bytes, float]:
        """Status, body and seconds to wait before the next try."""
        try:
            self._connection.request("POST", path, body, HEADERS)
            answer = self._connection.getresponse()
            return answer.status, answer.read(), float(answer.headers.get("Retry-After", 0))
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, b"", 0.0

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Budget:
    """How much is asked: for so many seconds from now, or so many requests. Safe from any thread."""

    def __init__(self, *, seconds: float = math.inf, requests: float = math.inf) -> None:
        self._until, self._left = time.monotonic() + seconds, requests
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more request may be sent; counts it."""
        with self._lock:
            self._left -= 1
            return self._left >= 0 and not self.over

    @property
    def over(self) -> bool:
        """Whether nothing more may be sent."""
        return self._left < 0 or time.monotonic() >= self._until

    def pause(self, seconds: float) -> None:
        """Wait so long, or until it is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.over:
            time.sleep(0.05)


def load(port: int, path: str, body: bytes, *, clients: int, budget: Budget, patient: bool = True) -> Answers:
    """Ask from so many clients at once until the budget is spent.

    patient: a client that is refused waits as long as Retry-After says; otherwise it asks again at once, as wrk would.
    An answer of 200 without a face counts as an error, -1.
    """
    answers, lock = Answers(), threading.Lock()

    def ask() -> None:
        client = Client(port)
        while budget.take():
            begin = time.perf_counter()
            status, content, pause = client.post(path, body)
            ms = (time.perf_counter() - begin) * 1000
            status = status if status != ANSWERED or json.loads(content)["faces"] else -1
            with lock:
                answers.add(status, ms)
            if pause and patient:
                client.close()  # the server would close it meanwhile
                budget.pause(pause)
        client.close()

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(clients)]
    start, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.seconds, answers.client_cpu = time.perf_counter() - start, time.process_time() - cpu
    return answers

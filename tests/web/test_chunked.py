"""Requests without Content-Length."""

import gc
import io
import json
import tracemalloc
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from apps.core.chunked import ChunkedBodies
from tests.web.photographs import as_base64

pytestmark = pytest.mark.django_db  # nothing is stored, but a finished request looks after its connection


def call(
    body: bytes, *, limit: int = 1_000_000, terminated: bool = True, path: str = "/api/v1/detect"
) -> tuple[int, bytes]:
    request = RequestFactory(headers={"host": "localhost"}).post(path, content_type="application/json")
    environ = request.environ | {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": terminated,
        "CONTENT_TYPE": "application/json",
    }
    environ.pop("CONTENT_LENGTH", None)
    started: list[str] = []
    application = ChunkedBodies(get_wsgi_application(), limit)
    answer = b"".join(application(environ, lambda status, _headers: started.append(status)))
    return int(started[0].split()[0]), answer


def test_body_in_chunks_is_read(jpeg: bytes) -> None:
    status, answer = call(json.dumps({"image": as_base64(jpeg)}).encode())
    assert status == 200, answer
    assert len(json.loads(answer)["faces"]) == 1


def test_endless_body_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            self.taken += size
            return b" " * size

    stream = Endless()
    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": stream, "wsgi.input_terminated": True}
    seen: list[dict[str, Any]] = []

    def record(environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        seen.append(environ)
        return []

    ChunkedBodies(record, 1000)(environ, None)
    assert stream.taken == 1001
    assert int(seen[0]["CONTENT_LENGTH"]) > 1e12


@pytest.mark.parametrize("path", ["/api/v1/detect", "/compare/sets/", "/admin/versions/modelversion/add/"])
def test_what_was_cut_off_is_never_taken_for_the_whole(path: str) -> None:
    status, answer = call(b"x" * 2000, limit=1000, path=path)
    assert status == 413
    assert b"no Content-Length" in answer


class Once(io.RawIOBase):
    """A body from the network: it is there once."""

    def __init__(self, head: bytes, size: int) -> None:
        super().__init__()
        self.head, self.left = head, size

    def read(self, _size: int = -1) -> bytes:
        size, self.left = self.left, 0
        return self.head.ljust(size, b"A")[:size]


@pytest.mark.parametrize(
    "sent", [{"CONTENT_LENGTH": "5000000"}, {"HTTP_TRANSFER_ENCODING": "chunked"}], ids=["whole", "chunked"]
)
def test_nothing_that_was_sent_outlives_its_request(sent: dict[str, str]) -> None:
    """Requests are parts of rings of references, and Python collects those when it likes."""
    size = 5_000_000
    application = ChunkedBodies(get_wsgi_application(), 2 * size)

    def ask() -> None:
        request = RequestFactory(headers={"host": "localhost"}).post("/api/v1/detect", content_type="application/json")
        request.environ.pop("CONTENT_LENGTH")
        stream = {"wsgi.input": Once(b'{"image": "', size), "wsgi.input_terminated": True}
        assert b"not JSON" in b"".join(application(request.environ | stream | sent, lambda _status, _headers: None))

    ask()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(3):
            ask()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert kept < size


def test_a_server_that_does_not_end_streams_is_not_read() -> None:
    status, _answer = call(b"{}", terminated=False)
    assert status == 400

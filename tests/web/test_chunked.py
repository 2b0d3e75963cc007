"""Requests without Content-Length."""

import io
import json
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from apps.core.chunked import ChunkedBodies
from tests.web.photographs import as_base64

pytestmark = pytest.mark.django_db  # nothing is stored, but a finished request looks after its connection


def call(body: bytes, *, limit: int = 1_000_000, terminated: bool = True) -> tuple[int, Any]:
    request = RequestFactory(headers={"host": "localhost"}).post("/api/v1/detect", content_type="application/json")
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
    return int(started[0].split()[0]), json.loads(answer)


def test_body_in_chunks_is_read(jpeg: bytes) -> None:
    status, answer = call(json.dumps({"image": as_base64(jpeg)}).encode())
    assert status == 200, answer
    assert len(answer["faces"]) == 1


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
    assert seen[0]["CONTENT_LENGTH"] == "1001"


def test_a_server_that_does_not_end_streams_is_not_read() -> None:
    status, _answer = call(b"{}", terminated=False)
    assert status == 400

"""The sections about the server, growth and the limit in their small form: the real server, seconds, no network."""

import contextlib
import json
import math
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bench import callers, growth, limit, multiplying, overhead, peak, scenes, server, stages
from bench.common import ROOT, Settings
from bench.loading import HEADERS, Answers, Budget, form, load, rank
from bench.server_tables import server_charts, server_tables
from ml.images import decode
from ml.runtime import LiteRtNetwork

SMALL = Settings(small=True)


@contextlib.contextmanager
def answering(*statuses: int) -> Iterator[int]:
    """A server of our own that answers with these statuses in turn, the last one for ever; its port."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status = left.pop(0) if len(left) > 1 else left[0]
            content = json.dumps({"faces": [{}] if status == 200 else []}).encode()
            self.send_response(200 if status == 204 else status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        yield listener.server_address[1]
        listener.shutdown()


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([7.0], 0.99, 7.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0), ([*map(float, range(1, 101))], 0.95, 95.0)],
    ids=["none", "one", "even", "hundred"],
)
def test_rank(values: list[float], share: float, expected: float | None) -> None:
    assert rank(values, share) == expected


def test_nothing_is_asked_without_a_budget() -> None:
    answers = load(1, "/", b"", clients=3, budget=Budget(requests=0))
    assert (answers.ms, answers.statuses) == ([], {})
    assert Answers(seconds=1.0).row()["p99_ms"] is None


def test_every_answer_is_counted() -> None:
    with answering(200, 429, 500, 204, 200) as port:
        answers = load(port, "/", form(b"x", tasks="age"), clients=1, budget=Budget(requests=6), patient=False)
    assert answers.statuses == {200: 3, 429: 1, 500: 1, -1: 1}  # the 204 stands for an answer without a face
    row = answers.row()
    assert (row["answered"], row["refused_429"], row["errors"]) == (3, 1, 2)
    assert 0 < row["p50_ms"] <= row["p99_ms"]


def test_nobody_listens() -> None:
    assert load(1, "/", b"x", clients=2, budget=Budget(requests=4)).statuses == {0: 4}


def test_patient_clients_obey_retry_after() -> None:
    with answering(429, 200) as port:
        patient = load(port, "/", b"", clients=1, budget=Budget(requests=2))
    assert patient.statuses == {429: 1, 200: 1}
    assert patient.seconds >= 1.0


def test_the_form_is_what_the_server_reads() -> None:
    text = form(b"bytes", tasks="age")
    boundary = HEADERS["Content-Type"].partition("boundary=")[2].encode()
    assert text.count(b"--" + boundary) == 3
    assert b'name="tasks"\r\n\r\nage\r\n' in text


@pytest.mark.slow
def test_server_in_its_small_form() -> None:
    before = {name: value for name, value in os.environ.items() if name.startswith("HEXAFACE_")}
    measured = json.loads(json.dumps(server.measure(SMALL)))
    assert [row["clients"] for row in measured["clients"]] == [1, 24, 1, 24, 24]
    assert all(row["answered"] > 0 and row["errors"] == 0 for row in measured["clients"])
    assert measured["clients"][0]["refused_429"] == 0
    assert measured["clients"][-1]["refused_429"] > 0
    assert measured["memory"][-1]["requests"] == 20
    assert measured["memory"][-1]["statuses"] == {"200": 20}
    assert 50 < measured["memory"][-1]["memory_mb"] < 2000
    assert {name: value for name, value in os.environ.items() if name.startswith("HEXAFACE_")} == before
    text = server_tables({"server": measured})
    assert "| analyze | 24, asking again at once |" in text
    assert len(measured["aims"]) == 2


def test_no_results_no_tables() -> None:
    assert server_tables({}) == ""
    assert server_charts({"peers": {}}) == {}


def test_aims_of_the_server() -> None:
    assert overhead.aim_web([{"web_share": 0.1}])["met"]
    assert not overhead.aim_web([{"web_share": 0.101}])["met"]
    assert not callers.aim_threads({"two_threads_over_one": 1.69, "two_processes_over_one": 1.9})["met"]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_photographs_of_faces(count: int) -> None:
    engine = overhead.engine_for(2)
    report = engine.analyze(decode(scenes.faces(count)), ["detect"])
    engine.close()
    assert (report.size, len(report.faces)) == (scenes.CANVAS[::-1], count)


def test_photographs_of_pixels() -> None:
    sizes = [scenes.size_of(scenes.scaled(megapixels)) for megapixels in (0.1, 1.0)]
    assert [math.prod(size) / 1e6 for size in sizes] == pytest.approx([0.1, 1.0], rel=0.02)
    assert scenes.scaled(0.1) == scenes.scaled(0.1)


def test_growth_in_its_small_form() -> None:
    measured = json.loads(json.dumps(growth.measure(SMALL)))
    assert [(row["faces"], row["found"]) for row in measured["faces"][:3]] == [(0, 0), (1, 1), (3, 3)]
    assert all(row["median_ms"] > row["decode_ms"] > 0 for row in [*measured["faces"], *measured["pixels"]])
    assert all(row["peak_mb"] > 50 for row in measured["pixels"] if row["threads"] == 2)
    assert "| 3 | 1600x1000 |" in server_tables({"growth": measured})
    assert [aim["threads"] for aim in measured["aims"]] == [1, 1, 2, 2]


def test_aims_of_growth() -> None:
    rows = [{"threads": 1, "faces": count, "median_ms": ms} for count, ms in ((0, 9.0), (1, 10.0), (50, 1480.0))]
    assert growth.per_face({"faces": rows}, 1)["measured"] == "30.0 ms from 1 to 50 faces"
    assert growth.per_face({"faces": rows}, 1)["met"]
    pixels = [{"threads": 2, "megapixels": size, "median_ms": ms} for size, ms in ((1.0, 50.0), (24.0, 101.0))]
    assert not growth.largest({"pixels": pixels}, 2)["met"]


def test_multiply_adds_of_a_product() -> None:
    assert multiplying.multiply_adds(peak.product(1, 1, 1)) == 1
    assert multiplying.multiply_adds(peak.product(5, 4, 3)) == 60
    assert multiplying.multiply_adds(peak.product(5, 4, 3), (1, 2, 1, 4)) == 24


def test_multiply_adds_of_r_net() -> None:
    """By hand from the paper's figure: 24x24 in, convolutions of 3, 3 and 2, two of them pooled, dense layers; one logit, four offsets."""
    convolutions = 22 * 22 * 28 * 3 * 3 * 3 + 9 * 9 * 48 * 3 * 3 * 28 + 3 * 3 * 64 * 2 * 2 * 48
    dense = 3 * 3 * 64 * 128 + 128 * (1 + 4)
    content = (ROOT / "weights" / "mtcnn-rnet-1.0.0.tflite").read_bytes()
    assert multiplying.multiply_adds(content, (1, 24, 24, 3)) == convolutions + dense


def test_limit_in_its_small_form() -> None:
    measured = json.loads(json.dumps(limit.measure(SMALL)))
    request = measured["request"]
    assert all(0 < row["threads_1"]["share_of_peak"] < 1.5 for row in measured["networks"])
    assert 0 < request["share_of_peak"] < 1
    assert {stages.DECODE, "network face", "network scrfd", "align"} <= set(request["stages_ms"])
    assert all(ms > 0 for name, ms in request["stages_ms"].items() if name != stages.REST)
    assert "% of the peak" in server_tables({"limit": measured})
    assert server_charts({"limit": measured})["stages.svg"].startswith("<svg")


def test_nothing_stays_wrapped() -> None:
    before = LiteRtNetwork.run
    with contextlib.suppress(ZeroDivisionError), stages.watching():
        assert LiteRtNetwork.run is not before
        raise ZeroDivisionError
    assert LiteRtNetwork.run is before

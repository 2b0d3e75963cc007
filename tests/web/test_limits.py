"""Bounds: concurrent work, memory, disk."""

import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from apps.core import engine, inputs, registry, uploads
from apps.core.admission import Admission
from ml.errors import Busy, TooLarge
from tests.web.photographs import PHOTOS, files


def test_places_and_queue() -> None:
    admission = Admission(running=2, waiting=1, seconds=5)
    release, most, lock = threading.Event(), [0, 0], threading.Lock()

    def work(_number: int) -> str:
        try:
            with admission.place():
                with lock:
                    most[0] = max(most[0], admission.busy)
                release.wait(5)
        except Busy:
            return "busy"
        return "done"

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(work, number) for number in range(8)]
        deadline = time.monotonic() + 5
        while sum(job.done() for job in jobs) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (admission.busy, admission.waiting) == (2, 1)
        release.set()
    results = [job.result() for job in jobs]
    assert (results.count("done"), results.count("busy")) == (3, 5)
    assert most[0] == 2
    assert (admission.busy, admission.waiting) == (0, 0)


def test_nobody_waits_for_ever() -> None:
    admission = Admission(running=1, waiting=3, seconds=0.05)
    with admission.place():
        start = time.monotonic()
        with pytest.raises(Busy) as refused, ThreadPoolExecutor(1) as pool:
            pool.submit(admission.place().__enter__).result()
        assert 0.04 < time.monotonic() - start < 2
    assert int(str(refused.value.details["retry_after"])) >= 1
    with admission.place():
        assert admission.busy == 1


def test_first_come_first_served() -> None:
    admission, order = Admission(running=1, waiting=5, seconds=5), []

    def work(number: int) -> None:
        with admission.place():
            order.append(number)

    with admission.place():
        threads = []
        for number in range(5):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            threads.append(thread)
            while admission.waiting <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_place_is_given_back_after_an_error() -> None:
    admission = Admission(running=1, waiting=0, seconds=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), admission.place():
            raise ValueError("broken")
    assert admission.busy == 0


def test_busy_server_answers_429(web: Client, jpeg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Admission(running=1, waiting=0, seconds=4)
    monkeypatch.setattr(engine, "_admission", full)
    with full.place():
        for task in registry.tasks():
            response = web.post(f"/api/v1/{task.slug}", files(task, jpeg))
            assert response.status_code == 429
            assert response["Retry-After"] == "2"
            assert response.json()["error"]["code"] == "busy"
            page = web.post(f"/{task.slug}/", files(task, jpeg))
            assert (page.status_code, page["Retry-After"]) == (429, "2")
        assert web.get("/healthz").status_code == 200
    assert web.post("/api/v1/detect", files(registry.tasks()[0], jpeg)).status_code == 200


def test_uploads_never_touch_the_disk(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> Any:
        raise AssertionError("a file was about to be written")

    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    big = PHOTOS.encode(PHOTOS.face.resize((2400, 2400)), "BMP")
    assert len(big) > 10_000_000
    for task in registry.tasks()[:2]:
        assert web.post(f"/api/v1/{task.slug}", files(task, big)).status_code == 200
        assert web.post(f"/{task.slug}/", files(task, big)).status_code == 200


def test_bytes_beyond_the_limit_are_dropped() -> None:
    handler = uploads.MemoryOnlyUploadHandler(RequestFactory().post("/"))
    handler.new_file("image", "photo.jpg", "image/jpeg", None)
    chunk, limit = b"x" * 1_000_000, settings.HEXAFACE.max_upload_bytes
    for start in range(0, 3 * limit, len(chunk)):
        assert handler.receive_data_chunk(chunk, start) is None
    file = handler.file_complete(3 * limit)
    assert len(file.read()) == 0
    file.seek(0)
    with pytest.raises(TooLarge):
        inputs.file_bytes(file)


def test_many_clients_get_the_serial_answers(jpeg: bytes) -> None:
    """Eight threads, tasks mixed: every answer equals the one that a lone client gets."""
    asked = [(task, data) for data in (jpeg, PHOTOS.turned()) for task in registry.tasks()]

    def ask(job: Any) -> Any:
        task, data = job
        extra = {"seed": "5", "count": "2"} if task.kind == "synthesis" else {}
        client = Client(headers={"host": "localhost"})
        answer = client.post(f"/api/v1/{task.slug}", {**files(task, data), **extra}).json()
        return {name: value for name, value in answer.items() if name not in {"timing_ms", "request_id"}}

    alone = [ask(job) for job in asked]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, asked * 2)) == alone * 2

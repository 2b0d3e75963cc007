"""Background jobs: every way in which one can end, and workers that are killed in the middle of one."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from django_tasks_db import DatabaseBackend
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.jobs import registry, running, services
from apps.jobs.models import Job, State
from apps.jobs.reaper import reap
from tests.web.portal import ROOT, Portal, free_port, until

Capture = DjangoCaptureOnCommitCallbacks
Start = Callable[..., Job]


@pytest.fixture
def start(db: None, django_capture_on_commit_callbacks: Capture) -> Start:
    """Start a job as a request does, and work off the queue."""

    def start(kind: str, *, work: bool = True, **arguments: Any) -> Job:
        with django_capture_on_commit_callbacks(execute=True):
            job = services.start(kind=kind, arguments=arguments)
        if work:
            with django_capture_on_commit_callbacks(execute=True):
                call_command("run_worker", batch=True)
        job.refresh_from_db()
        return job

    return start


@pytest.fixture
def odd_kinds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Jobs that end in odd ways; the list tells what ran."""
    ran: list[str] = []
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))

    def refuse(progress: registry.Progress) -> None:
        raise registry.JobFailed("The set has no photographs.")

    def crash(progress: registry.Progress) -> None:
        raise RuntimeError("secret of the server")

    def database_away(progress: registry.Progress) -> None:
        ran.append("tried")
        raise OperationalError("database is locked")

    def told_to_stop(progress: registry.Progress) -> None:
        monkeypatch.setattr(running, "stopping", _Set())
        progress(0.5)

    def taken_away(progress: registry.Progress) -> None:
        Job.objects.update(run="another attempt")
        progress(0.5)
        ran.append("went on")

    for work in (refuse, crash, database_away, told_to_stop, taken_away):
        registry.kind(work.__name__, title=work.__name__)(work)
    return ran


class _Set:
    def is_set(self) -> bool:
        return True


def test_no_job(db: None) -> None:
    call_command("run_worker", batch=True)
    assert reap() == 0
    with pytest.raises(ValueError, match="no kind of job"):
        services.start(kind="nonsense", arguments={})


def test_done(start: Start) -> None:
    job = start("wait", seconds=0.1)
    assert (job.state, job.progress, job.attempts, job.result) == (State.DONE, 1.0, 1, {"waited": 0.1})
    assert job.started_at
    assert job.finished_at
    assert job.finished_at >= job.started_at


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        ("refuse", (State.FAILED, "The set has no photographs.", 1)),
        ("crash", (State.FAILED, "Something went wrong on the server. The log tells more under job ", 1)),
        ("database_away", (State.QUEUED, "The database could not be reached.", 1)),
        ("told_to_stop", (State.QUEUED, "The server was stopped", 0)),
        ("taken_away", (State.RUNNING, "", 1)),
    ],
)
def test_ends(start: Start, odd_kinds: list[str], kind: str, end: tuple[str, str, int]) -> None:
    state, message, attempts = end
    job = start(kind)
    assert (job.state, job.attempts) == (state, attempts)
    assert job.message.startswith(message)
    assert "secret" not in job.message
    assert "went on" not in odd_kinds


def test_three_attempts_and_no_more(
    start: Start, odd_kinds: list[str], django_capture_on_commit_callbacks: Capture
) -> None:
    job = start("database_away")
    for _ in range(4):
        with django_capture_on_commit_callbacks(execute=True):
            call_command("run_worker", batch=True)
    job.refresh_from_db()
    assert (job.state, job.message) == (State.FAILED, "The database could not be reached. It was tried 3 times.")
    assert odd_kinds == ["tried"] * 3


def test_kind_of_another_version(start: Start, odd_kinds: list[str]) -> None:
    job = start("refuse", work=False)
    Job.objects.update(kind="of the future")
    call_command("run_worker", batch=True)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "knows no job" in job.message


def test_queued_twice_runs_once(start: Start) -> None:
    job = start("wait", work=False, seconds=0.1)
    services.send(job)
    call_command("run_worker", batch=True)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.DONE, 1)


@pytest.mark.parametrize(
    ("worker", "silence", "attempts", "state"),
    [
        ("here:alive", timedelta(seconds=1), 1, State.RUNNING),
        ("here:alive", services.SILENT / 2, 1, State.RUNNING),
        ("here:alive", services.SILENT * 2, 1, State.QUEUED),
        ("here:gone", timedelta(seconds=1), 1, State.RUNNING),
        ("here:gone", services.GONE * 2, 1, State.QUEUED),
        ("here:gone", services.GONE * 2, 2, State.QUEUED),
        ("here:gone", services.GONE * 2, 3, State.FAILED),
        ("elsewhere:1", services.GONE * 2, 1, State.RUNNING),
        ("elsewhere:1", services.SILENT * 2, 3, State.FAILED),
    ],
)
def test_silent_jobs(start: Start, worker: str, silence: timedelta, attempts: int, state: str) -> None:
    job = start("wait", work=False, seconds=0)
    host, _, own = services.this_worker().rpartition(":")
    named = worker.replace("here", host).replace("alive", own).replace("gone", str(2**22 + 1))
    Job.objects.update(
        state=State.RUNNING, worker=named, attempts=attempts, heartbeat=timezone.now() - silence, run="1"
    )
    reap()
    job.refresh_from_db()
    assert job.state == state
    if state == State.FAILED:
        assert job.message == "The worker stopped in the middle of it. It was tried 3 times."


def test_a_job_that_the_queue_lost_is_sent_again(start: Start) -> None:
    job = start("wait", work=False, seconds=0)
    DBTaskResult.objects.all().delete()
    assert reap() == 0, "not yet"
    Job.objects.update(sent_at=timezone.now() - services.RESEND * 2)
    assert reap() == 1
    assert reap() == 0
    call_command("run_worker", batch=True)
    job.refresh_from_db()
    assert job.state == State.DONE


def test_a_queue_that_cannot_be_reached_loses_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_arguments: object, **_named: object) -> None:
        raise ConnectionError("no Redis")

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseBackend, "enqueue", unreachable)
        job = start("wait", work=False, seconds=0)
    assert job.state == State.QUEUED
    Job.objects.update(created_at=timezone.now() - services.GONE * 2)
    assert reap() == 1
    call_command("run_worker", batch=True)
    job.refresh_from_db()
    assert job.state == State.DONE


def test_the_administrator_sees_jobs(start: Start, admin_client: Client) -> None:
    job = start("wait", seconds=0)
    for path, says in (("", "Check the worker"), (f"{job.pk}/change/", "wait")):
        html = admin_client.get(f"/admin/jobs/job/{path}", headers={"host": "localhost"}).content.decode()
        assert f">{says}<" in html
    assert admin_client.post(f"/admin/jobs/job/{job.pk}/change/", headers={"host": "localhost"}).status_code == 403


def test_the_database_worker_is_for_the_database_queue(settings: Settings) -> None:
    settings.HEXAFACE = replace(settings.HEXAFACE, tasks="celery")
    with pytest.raises(CommandError, match="HEXAFACE_TASKS=celery"):
        call_command("run_worker")


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    portal = Portal(tmp_path / "home")
    portal.manage("prepare")
    return portal


def send_wait(portal: Portal, seconds: float) -> int:
    return int(portal.manage("check_worker", "--no-wait", "--seconds", str(seconds)))


@pytest.mark.slow
def test_a_killed_worker(portal: Portal) -> None:
    """Killed three times in the middle of one job: tried again, then failed with the reason; the next job runs."""
    portal.environ["HEXAFACE_WORKERS"] = "2"
    with portal.serving():
        pk = send_wait(portal, 60)
        for attempt in (1, 2, 3):
            until(lambda: portal.job(pk)["attempts"] == attempt and portal.job(pk)["progress"] > 0, 40)  # noqa: B023
            until(
                lambda: len(portal.workers()) == 1, 20
            )  # one, however many server processes; a second one ends at once
            portal.kill_worker()
        until(lambda: portal.job(pk)["state"] == "failed", 40)
        assert portal.job(pk)["message"] == "The worker stopped in the middle of it. It was tried 3 times."
        assert "finished it" in portal.manage("check_worker")
        second = subprocess.run(
            [sys.executable, "manage.py", "run_worker", "--verbosity", "2"],
            cwd=ROOT, env=portal.environ, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert "There is a worker already." in second.stdout
    assert portal.workers() == []


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_worker_ends_with_the_server(portal: Portal, how: signal.Signals) -> None:
    with portal.serving() as server:
        pk = send_wait(portal, 60)
        until(lambda: portal.job(pk)["progress"] > 0, 40)
        os.kill(server.pid, how)
        until(lambda: portal.workers() == [], 20)
    assert (portal.job(pk)["state"], portal.job(pk)["attempts"]) == ("queued", 0)


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed: apt install redis-server"
)
def test_celery_by_configuration_alone(tmp_path: Path) -> None:
    """A real Redis and a real Celery worker whose process is killed in the middle of a job."""
    port = free_port()
    portal = Portal(tmp_path, HEXAFACE_TASKS="celery", HEXAFACE_REDIS_URL=f"redis://127.0.0.1:{port}/0")
    portal.manage("migrate", "--verbosity", "0")
    redis = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    celery = [str(Path(sys.executable).with_name("celery")), "-A", "hexaface.celery", "worker", "--concurrency", "1"]
    quiet: Any = {"cwd": ROOT, "env": portal.environ, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(redis, **quiet) as queue, subprocess.Popen(celery, **quiet) as worker:
        try:
            assert "finished it" in portal.manage("check_worker", "--timeout", "60")
            pk = send_wait(portal, 5)
            until(lambda: portal.job(pk)["progress"] > 0, 40)
            os.kill(int(portal.job(pk)["worker"].rpartition(":")[2]), signal.SIGKILL)
            until(lambda: portal.job(pk)["state"] == "done", 60)
            assert portal.job(pk)["attempts"] == 2
        finally:
            worker.terminate()
            worker.wait(30)
            queue.terminate()

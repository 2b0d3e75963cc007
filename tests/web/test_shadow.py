"""Candidates beside the active version: what is counted, what stops them, and that nobody waits for them."""

import base64
import gc
import json
import re
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

from apps.core import observers
from apps.core.engine import get_admission
from apps.evaluation import candidates, services, shadowing
from apps.evaluation.models import Shadow
from apps.evaluation.shadowing import Shadows
from apps.versions.models import Activation, ModelVersion, State
from ml import answering
from ml.photo import Photo
from ml.reports import ModelRef, Report
from tests.web.photographs import GOOD, PHOTOS

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = GOOD["jpeg"]


@pytest.fixture
def shadows(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shadows]:
    """A fresh observer that reads the candidates anew for every answer."""
    call_command("sync_models", verbosity=0)
    monkeypatch.setattr(shadowing, "READ_SECONDS", 0.0)
    fresh = Shadows()
    monkeypatch.setattr(observers, "_observers", [fresh.see])
    yield fresh
    fresh.drain()


def ask(shadows: Shadows, task: str = "age", *, wait: bool = True, **options: object) -> Any:
    """One request to the API, and, unless told otherwise, all that follows from it."""
    photo = base64.b64encode(JPEG).decode()
    images = {"image1": photo, "image2": photo} if task == "verify" else {"image": photo}
    client = Client(headers={"host": "localhost"})
    answer = client.post(f"/api/v1/{task}", json.dumps(images | options), content_type="application/json")
    assert answer.status_code == 200, answer.content
    if wait:
        shadows.drain()
    return answer.json()


def copy_of(task: str) -> ModelVersion:
    """The active version of a task under another name."""
    copy = ModelVersion.objects.get(activations__task=task)
    copy.pk, copy.network = None, f"copy-of-{copy.network}-for-{task}"
    copy.save()
    return copy


def begin(task: str = "age", candidate: ModelVersion | None = None, share: float = 1.0) -> Shadow:
    chosen = candidate or ModelVersion.objects.get(network="tiny-xception")
    return services.start_shadow(task=task, candidate=chosen, share=share, started_by_id=None)


def row_of(task: str = "age") -> Shadow:
    return Shadow.objects.get(task=task)


def test_no_candidate(shadows: Shadows) -> None:
    ask(shadows)
    assert not Shadow.objects.exists()


def test_counts(shadows: Shadows) -> None:
    begin()
    years = ask(shadows)["faces"][0]["result"]["years"]
    pinned = ask(shadows, version="tiny-xception 1.0.0")["faces"][0]["result"]["years"]
    row = row_of()
    assert (row.photographs, row.compared, row.running) == (1, 1, True), "what a client pinned is not compared"
    assert row.mean_difference == pytest.approx(abs(years - pinned), abs=0.11)
    assert row.disagreements == int(abs(years - pinned) > 5)
    assert row.mean_ms
    assert row.mean_ms > 0


TASKS = ["age", "gender", "emotion", "mask", "attributes", "landmarks"]


@pytest.mark.parametrize("scheme", ["5", "15", "68", "76", "468"])
def test_a_copy_never_disagrees(shadows: Shadows, scheme: str) -> None:
    for task in TASKS:
        begin(task, copy_of(task))
    ask(shadows, "analyze", scheme=scheme)
    for row in Shadow.objects.all():
        assert (row.compared, row.disagreements, row.failures, row.running) == (1, 0, 0, True), row.reason
        assert row.difference_sum == pytest.approx(0, abs=1e-6)


def test_pairs(shadows: Shadows) -> None:
    begin("verify", copy_of("verify"))
    ask(shadows, "verify")
    ask(shadows, "verify", false_match_rate=0.01)
    row = row_of("verify")
    assert (row.compared, row.disagreements, row.failures) == (2, 0, 0)


@pytest.mark.parametrize(("draw", "compared"), [(0.0, 1), (0.29, 1), (0.3, 0), (0.99, 0)])
def test_share(shadows: Shadows, monkeypatch: pytest.MonkeyPatch, draw: float, compared: int) -> None:
    begin(share=0.3)
    monkeypatch.setattr("random.random", lambda: draw)
    ask(shadows)
    assert row_of().compared == compared


def test_a_candidate_that_fails_is_stopped(shadows: Shadows, monkeypatch: pytest.MonkeyPatch) -> None:
    begin()

    def fail(*_arguments: object) -> None:
        raise RuntimeError("no such tensor")

    monkeypatch.setattr(f"{candidates.__name__}.answer", fail)
    for expected in (True, True, False, False):
        ask(shadows)
        assert row_of().running is expected
    assert row_of().reason == "It failed 3 times in a row. RuntimeError: no such tensor"
    assert row_of().compared == 0


def test_failures_with_answers_between_them_do_not_stop_it(shadows: Shadows, monkeypatch: pytest.MonkeyPatch) -> None:
    begin()
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(f"{candidates.__name__}.answer", None)
            ask(shadows)
            ask(shadows)
        ask(shadows)
    assert (row_of().running, row_of().failures, row_of().compared) == (True, 0, 2)


@pytest.mark.parametrize("case", ["file", "state", "activated", "other"])
def test_what_stops_a_candidate(shadows: Shadows, case: str) -> None:
    candidate = copy_of("age")
    begin(candidate=candidate)
    reasons = {"file": "It cannot be loaded: ", "state": f"{candidate} is not available any more."}
    if case == "file":
        ModelVersion.objects.filter(pk=candidate.pk).update(file="nothing.tflite")
    elif case == "state":
        ModelVersion.objects.filter(pk=candidate.pk).update(state=State.FAILED)
    else:
        now = candidate if case == "activated" else ModelVersion.objects.get(network="tiny-xception")
        Activation.objects.filter(task="age").update(version=now)
        reasons[case] = f"{now} answers age now, not face "
    ask(shadows)
    row = row_of()
    assert not row.running
    assert row.reason.startswith(reasons[case])


def test_photographs_are_dropped_while_requests_run(shadows: Shadows, monkeypatch: pytest.MonkeyPatch) -> None:
    begin()
    monkeypatch.setattr(shadowing, "IDLE_SECONDS", 0.05)
    seen: list[Any] = []
    monkeypatch.setattr(observers, "_observers", [lambda photos, report: seen.append((photos, report))])
    ask(shadows)
    with get_admission().place():
        shadows.see(*seen[0])
        shadows.drain()
    assert (row_of().dropped, row_of().compared) == (1, 0)
    shadows.see(*seen[0])
    shadows.drain()
    assert (row_of().dropped, row_of().compared) == (1, 1)


def test_nobody_waits_for_a_candidate(shadows: Shadows, monkeypatch: pytest.MonkeyPatch) -> None:
    """The candidate hangs: requests are answered, one photograph waits, the others are dropped and counted."""
    begin()
    monkeypatch.setattr(shadowing, "READ_SECONDS", 60.0)
    shadows._read_at = -60.0
    reached, release, real = threading.Event(), threading.Event(), answering.answer

    def hang(*arguments: Any) -> Any:
        reached.set()
        assert release.wait(60)
        return real(*arguments)

    monkeypatch.setattr(f"{candidates.__name__}.answer", hang)
    ask(shadows, wait=False)
    assert reached.wait(30)
    for _ in range(4):
        ask(shadows, wait=False)
    assert shadows._waiting.qsize() == 1
    release.set()
    monkeypatch.undo()
    shadows.drain()
    shadows._read_at = -60.0
    monkeypatch.setattr(observers, "_observers", [shadows.see])
    ask(shadows)
    assert (row_of().compared, row_of().dropped) == (3, 3)


def test_no_photograph_is_held_afterwards(shadows: Shadows) -> None:
    begin()
    photo = Photo(np.asarray(PHOTOS.face).copy())
    trace = weakref.ref(photo.rgb_u8)
    shadows.see((photo,), Report((240, 240), 0, [], {"age": ModelRef("face", "1.0.0", "", commercial=False)}, {}))
    shadows.drain()
    del photo
    gc.collect()
    assert trace() is None


def test_large_photographs_are_not_kept_back(shadows: Shadows) -> None:
    begin()
    photo = Photo(np.zeros((4001, 4000, 3), np.uint8))
    shadows.see((photo,), Report((4000, 4001), 0, [], {"age": ModelRef("face", "1.0.0", "", commercial=False)}, {}))
    shadows.drain()
    assert row_of().photographs == 0


def test_an_observer_that_fails_changes_no_answer(shadows: Shadows, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(observers, "_observers", [fail])
    assert ask(shadows)["faces"]


def test_from_the_page(shadows: Shadows, admin_client: Client) -> None:
    admin_client.defaults["HTTP_HOST"] = "localhost"
    candidate = ModelVersion.objects.get(network="tiny-xception")
    given = {"task": "age", "candidate": candidate.pk, "share": 1}
    assert admin_client.post("/compare/shadow/", given).status_code == 302
    ask(shadows)
    page = admin_client.get("/compare/?task=age").content.decode()
    assert re.search(r'shadow-compared">1<', page)
    row = row_of()
    assert admin_client.post(f"/compare/shadow/{row.pk}/stop/").status_code == 302
    ask(shadows)
    row = row_of()
    assert (row.running, row.reason, row.compared) == (False, "Stopped by admin.", 1)
    assert admin_client.post(f"/compare/shadow/{row.pk}/reset/").status_code == 302
    assert (row_of().running, row_of().compared) == (True, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"share": 0}, "greater than or equal to 0.001"),
        ({"share": 2}, "less than or equal to 1"),
        ({"share": "all"}, "Enter a number"),
        ({"candidate": 0}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_started(shadows: Shadows, admin_client: Client, change: dict[str, Any], reason: str) -> None:
    given = {"task": "age", "candidate": ModelVersion.objects.get(network="tiny-xception").pk, "share": 1} | change
    response = admin_client.post("/compare/shadow/", given, headers={"host": "localhost"})
    assert response.status_code == 400
    assert reason in response.content.decode()
    assert not Shadow.objects.exists()


def test_what_answers_is_no_candidate(shadows: Shadows) -> None:
    with pytest.raises(services.Refused, match="answers age already"):
        begin(candidate=Activation.objects.get(task="age").version)
    with pytest.raises(services.Refused, match="cannot answer mask"):
        begin("mask")

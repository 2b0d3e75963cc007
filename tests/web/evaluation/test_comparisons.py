"""Comparisons of two versions, through the pages and the worker."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image, ImageFilter
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.core import engine
from apps.core.admission import Admission
from apps.evaluation.models import Comparison, EvaluationSet
from apps.evaluation.services import TASKS
from apps.jobs.models import Job, State
from apps.versions.models import Activation, ModelVersion
from tests.web import archives
from tests.web.evaluation.asking import add, pair_of, text
from tests.web.evaluation.conftest import Run
from tests.web.photographs import PHOTOS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("task", TASKS)
def test_compare(compare: Callable[..., Any], chief: Client, task: str) -> None:
    row = compare(task)
    assert row.job.state == State.DONE, row.job.message
    report = row.report
    assert report["no_face"] == 1
    assert report["images"] == 3
    assert report["faces"] == 3
    assert report["skipped_pairs"] == (1 if task == "verify" else 0)
    head = report["figures"][0]
    assert head["first"]["images"] == head["second"]["images"] == head["difference"]["images"] == 3
    assert head["difference"]["value"] == pytest.approx(head["second"]["value"] - head["first"]["value"], abs=2e-4)
    assert head["first"]["low"] <= head["first"]["value"] <= head["first"]["high"]
    assert report["speed"]["first"]["faces"] == report["speed"]["second"]["faces"] == 3
    assert report["memory"]["first"] > 100_000
    if row.second.network.startswith("copy-of"):
        assert head["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0, "images": 3}
        assert report["disagreements"]["count"] == 0
    if "confusion" in report:
        for which in ("first", "second"):
            assert sum(sum(line.values()) for line in report["confusion"][which].values()) == 3
    page = text(chief.get(f"/compare/{row.pk}/"))
    assert "In 1 photograph no face was found; it counts for neither version." in page
    assert str(row.first) in page
    assert f"/admin/versions/modelversion/{row.second_id}/change/" in chief.get(f"/compare/{row.pk}/").content.decode()


def test_a_set_of_crops(compare: Callable[..., Any]) -> None:
    row = compare("gender", skip="on")
    assert (row.report["images"], row.report["no_face"]) == (4, 0)


def test_photographs_on_which_they_disagree(
    compare: Callable[..., Any], chief: Client, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Activation.objects.get(task="emotion").version, ModelVersion.objects.get(network="mini-xception")
    doubtful = PHOTOS.encode(PHOTOS.face.rotate(180).filter(ImageFilter.GaussianBlur(2)))
    images = {"a <i>.jpg": archives.FACE, "b <i>.jpg": doubtful}
    table = "file,label\n" + "".join(f"{name},happy\n" for name in images)
    row = compare("emotion", versions, archives.packed({"labels.csv": table, **images}), skip="on")
    shown = row.report["disagreements"]["shown"]
    assert shown, "two different networks, one face upside down and blurred"
    page = f"/compare/{row.pk}/"
    html = chief.get(page).content.decode()
    assert "<i>" not in html.replace("&lt;i&gt;", ""), "names of files are escaped"
    picture = chief.get(f"{page}photo/0/0/")
    assert picture["Content-Type"] == "image/jpeg"
    assert picture["Cache-Control"] == "private, no-store"
    assert max(Image.open(io.BytesIO(picture.content)).size) <= 192
    full = Admission(running=1, waiting=0, seconds=1)
    monkeypatch.setattr(engine, "_admission", full)
    with full.place():
        assert chief.get(f"{page}photo/0/0/").status_code == 429
    assert chief.get(f"{page}photo/{len(shown)}/0/").status_code == 404
    assert chief.get(f"{page}photo/0/1/").status_code == 404
    assert Client(headers={"host": "localhost"}).get(f"{page}photo/0/0/").status_code == 302
    EvaluationSet.objects.all().delete()
    assert chief.get(f"{page}photo/0/0/").status_code == 404
    assert "The set was deleted" in text(chief.get(page))


def test_progress(compare: Callable[..., Any], chief: Client) -> None:
    row = compare("age")
    Comparison.objects.update(report=None)
    Job.objects.update(state=State.RUNNING, progress=0.5, message="2 of 4 photographs", heartbeat=row.job.finished_at)
    part = chief.get(f"/compare/{row.pk}/progress/", headers={"hx-request": "true"})
    assert "2 of 4 photographs" in text(part)
    assert 'hx-trigger="every 1s"' in part.content.decode()
    assert "HX-Redirect" not in part
    Job.objects.update(state=State.DONE)
    part = chief.get(f"/compare/{row.pk}/progress/", headers={"hx-request": "true"})
    assert part["HX-Redirect"] == f"/compare/{row.pk}/"
    assert chief.get(f"/compare/{row.pk}/progress/")["Location"] == f"/compare/{row.pk}/"


def test_a_set_that_is_gone_fails_with_the_reason(
    chief: Client, work: Run, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    add(chief, archives.good("age"))
    first, second = pair_of("age")
    given = {"task": "age", "first": first.pk, "second": second.pk, "set": EvaluationSet.objects.get().pk}
    with django_capture_on_commit_callbacks(execute=True):
        chief.post("/compare/", given)
    EvaluationSet.objects.all().delete()
    work()
    row = Comparison.objects.get()
    assert "The comparison or its evaluation set was deleted." in text(chief.get(f"/compare/{row.pk}/"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"second": "first"}, "Choose two different versions."),
        ({"second": "other"}, "Select a valid choice"),
        ({"set": "other"}, "Select a valid choice"),
        ({"set": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_compared(chief: Client, change: dict[str, str], reason: str) -> None:
    add(chief, archives.good("age"))
    add(chief, archives.good("verify"), "verify", "Pairs")
    first, second = pair_of("age")
    other = {
        "second": Activation.objects.get(task="verify").version_id,
        "set": EvaluationSet.objects.get(task="verify").pk,
    }
    given = {"task": "age", "first": first.pk, "second": second.pk, "set": EvaluationSet.objects.get(task="age").pk}
    for name, value in change.items():
        given[name] = {"first": first.pk, "other": other.get(name, 0)}.get(value, value)
    response = chief.post("/compare/", given)
    assert response.status_code == 400
    assert reason in text(response)
    assert not Job.objects.exists()


def test_unknown_task(chief: Client) -> None:
    assert chief.get("/compare/?task=nonsense").status_code == 400

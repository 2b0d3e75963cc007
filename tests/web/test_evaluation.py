"""Evaluation sets and comparisons, through the pages and the worker."""

import io
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from PIL import Image, ImageFilter
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.core import engine
from apps.core.admission import Admission
from apps.evaluation.models import Comparison, EvaluationSet
from apps.evaluation.services import TASKS
from apps.jobs.models import Job, State
from apps.versions.models import Activation, ModelVersion
from ml import labelled
from tests.web import archives
from tests.web.photographs import PHOTOS

pytestmark = pytest.mark.django_db
SETS = "/compare/sets/"
Run = Callable[[], object]


@pytest.fixture
def work(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Run:
    """Let the worker work off the queue."""
    return lambda: call_command("run_worker", batch=True)


def add(client: Client, data: bytes, task: str = "age", name: str = "Ours", **more: str) -> Any:
    file = SimpleUploadedFile("set.zip", data, "application/zip")
    return client.post(SETS, {"name": name, "task": task, "archive": file, **more})


def text(response: Any) -> str:
    html = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'").replace("&quot;", '"')


def folders() -> list[Path]:
    return list((settings.HEXAFACE.home / "evaluation").glob("*"))


def pair_of(task: str) -> tuple[ModelVersion, ModelVersion]:
    """The active version of a task and a second one: another that is shipped, or a copy."""
    first = Activation.objects.get(task=task).version
    others = [row for row in ModelVersion.objects.exclude(pk=first.pk) if task in row.tasks]
    if others:
        return first, others[0]
    copy = ModelVersion.objects.get(pk=first.pk)
    copy.pk, copy.network = None, f"copy-of-{first.network}"
    copy.save()
    return first, copy


@pytest.fixture
def compare(
    chief: Client, work: Run, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Callable[..., Any]:
    """Compare two versions of a task on its good set, or another; the row."""

    def compare(
        task: str,
        versions: tuple[ModelVersion, ModelVersion] | None = None,
        archive: bytes | None = None,
        **more: str,
    ) -> Comparison:
        assert add(chief, archive or archives.good(task), task, **more).status_code == 302
        first, second = versions or pair_of(task)
        given = {"task": task, "first": first.pk, "second": second.pk, "set": EvaluationSet.objects.get().pk}
        with django_capture_on_commit_callbacks(execute=True):
            assert chief.post("/compare/", given).status_code == 302
        work()
        return Comparison.objects.select_related("job").get()

    return compare


def test_no_sets(chief: Client) -> None:
    assert "None yet." in text(chief.get(SETS))
    for task in TASKS:
        assert chief.get(f"/compare/?task={task}").status_code == 200


@pytest.mark.parametrize("task", TASKS)
def test_good_sets_are_kept_and_deleted(chief: Client, task: str) -> None:
    assert add(chief, archives.good(task), task).status_code == 302
    row = EvaluationSet.objects.get()
    assert (row.images, row.rows, row.task) == (4, 4, task)
    assert [path.name for path in folders()] == [row.token]
    assert (settings.HEXAFACE.home / "evaluation" / row.token).stat().st_mode & 0o077 == 0
    assert "Ours" in text(chief.get(SETS))


@pytest.mark.parametrize(("task", "labels"), [("emotion", "crowd"), ("emotion fer2013", "fer2013")])
def test_a_set_of_expressions_says_whose_labels_it_holds(chief: Client, task: str, labels: str) -> None:
    assert add(chief, archives.good("emotion"), task).status_code == 302
    row = EvaluationSet.objects.get()
    assert (row.task, row.emotion_labels) == ("emotion", labels)
    assert ("labels of FER-2013" in text(chief.get(SETS))) == (labels == "fer2013")


def test_deleting_a_set_deletes_its_photographs(
    chief: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    add(chief, archives.good("age"))
    row = EvaluationSet.objects.get()
    assert folders()
    with django_capture_on_commit_callbacks(execute=True):
        assert chief.post(f"{SETS}{row.pk}/delete/").status_code == 302
    assert folders() == []
    assert not EvaluationSet.objects.exists()


def test_photographs_without_a_set_are_swept(chief: Client) -> None:
    add(chief, archives.good("age"))
    kept = folders()
    for name, age in (("left over", 7200.0), ("being checked", 10.0)):
        folder = settings.HEXAFACE.home / "evaluation" / name
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    vanished = settings.HEXAFACE.home / "evaluation" / "swept meanwhile"
    vanished.symlink_to("nowhere")
    assert chief.get(SETS).status_code == 200
    vanished.unlink()
    assert set(folders()) == {*kept, settings.HEXAFACE.home / "evaluation" / "being checked"}


@pytest.fixture(autouse=True)
def clean_home() -> Any:
    yield
    for path in folders():
        for file in path.glob("*"):
            file.unlink()
        path.rmdir()


@pytest.mark.parametrize("case", archives.HOSTILE)
def test_hostile_sets_are_refused_and_leave_nothing(chief: Client, case: str) -> None:
    data, reason = archives.HOSTILE[case]
    response = add(chief, data)
    assert response.status_code == 400
    assert reason in text(response)
    assert "Traceback" not in response.content.decode()
    assert folders() == []
    assert not EvaluationSet.objects.exists()


@pytest.mark.parametrize("task", TASKS)
def test_wrong_labels_are_told_by_line(task: str) -> None:
    header = archives.HEADERS.get(task, "file1,file2,same")
    fields = len(header.split(","))
    with pytest.raises(labelled.LabelError, match="Line 2: "):
        labelled.read(task, f"{header}\na.jpg{',nonsense' * (fields - 1)}\n", most=10)
    rows = "".join(f"{name}.jpg,{archives.TRUTHS.get(task, 'other.jpg,1')}\n" for name in ("a", "b", "c"))
    assert len(labelled.read(task, f"{header}\n{rows}", most=3)) == 3
    with pytest.raises(labelled.LabelError, match="more than 1 rows"):
        labelled.read(task, f"{header}\n{rows}", most=1)


def test_mistakes_are_told_up_to_a_number() -> None:
    table = "file,age\n" + "".join(f"{number}.jpg,old\n" for number in range(100))
    with pytest.raises(labelled.LabelError, match="and 80 more") as caught:
        labelled.read("age", table, most=200)
    assert len(caught.value.problems) == labelled.MAX_TOLD + 1


def test_limits_of_a_set(chief: Client, settings: Settings) -> None:
    path, (permission, _) = SETS, settings.LARGE_UPLOADS[SETS]
    settings.HEXAFACE = replace(settings.HEXAFACE, max_set_mb=0.02)
    settings.LARGE_UPLOADS = {path: (permission, settings.HEXAFACE.max_set_bytes)}
    response = add(chief, archives.good("age"))
    assert response.status_code == 400
    assert "at most 20,000 are read" in text(response)
    assert folders() == []


def test_a_name_is_used_once(chief: Client) -> None:
    add(chief, archives.good("age"))
    response = add(chief, archives.good("age"))
    assert response.status_code == 400
    assert "There is a set of that name already." in text(response)


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


PAGES = ["/compare/", SETS, "/compare/1/", "/compare/1/progress/", "/compare/1/photo/0/0/"]


@pytest.mark.parametrize("page", PAGES)
def test_strangers_log_in_first(page: str) -> None:
    response = Client(headers={"host": "localhost"}).get(page)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/?next=/compare/")


def staff_with(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("staff", password="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


@pytest.mark.parametrize("page", PAGES)
def test_staff_need_the_permission(page: str) -> None:
    assert staff_with("view_comparison").get(page).status_code == 403


def test_each_right_is_its_own() -> None:
    call_command("sync_models", verbosity=0)
    client = staff_with("add_comparison")
    assert client.get("/compare/").status_code == 200
    assert client.get(SETS).status_code == 200
    assert add(client, archives.good("age")).status_code == 403
    assert client.post(f"{SETS}1/delete/").status_code == 403
    assert client.post("/compare/shadow/", {"task": "age"}).status_code == 403
    assert folders() == []


def test_data_sets_of_the_workshop(chief: Client, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "utkface"
    folder.mkdir()
    (folder / "images.zip").write_bytes(archives.packed(archives.faces()))
    (folder / "labels.csv").write_text("file,age,gender,split\na.jpg,30,female,val\nc.jpg,40,male,train\n", "utf-8")
    settings.HEXAFACE = replace(settings.HEXAFACE, data=str(tmp_path))
    fer = tmp_path / "fer2013"
    fer.mkdir()
    (fer / "images.zip").write_bytes(archives.packed(archives.faces()))
    (fer / "labels.csv").write_text("file,label,split\na.jpg,happy,val\n", "utf-8")
    assert "UTKFace val, age" in text(chief.get("/compare/?task=age"))
    assert "UTKFace val, gender" in text(chief.get("/compare/?task=gender"))
    kept = set(EvaluationSet.objects.values_list("task", "images", "rows", "emotion_labels"))
    assert kept == {("age", 1, 1, "crowd"), ("gender", 1, 1, "crowd"), ("emotion", 1, 1, "fer2013")}
    settings.HEXAFACE = replace(settings.HEXAFACE, data="")
    assert "files are gone" in text(chief.get(SETS))


@pytest.mark.parametrize(
    "table", [None, b"", b"file,age,gender,split\na.jpg,30,female,train\n", b"file,label\n", b"\xff\xfe"]
)
def test_a_bad_data_set_leaves_the_others(
    chief: Client, settings: Settings, tmp_path: Path, table: bytes | None
) -> None:
    assert add(chief, archives.good("mask"), "mask", "Mask val").status_code == 302
    tables = {"utkface": table, "mask": b"file,label\na.jpg,mask\n", "fer2013": b"file,label\na.jpg,happy\n"}
    for name, labels in tables.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "images.zip").write_bytes(archives.packed(archives.faces()))
        if labels is not None:
            (tmp_path / name / "labels.csv").write_bytes(labels)
    settings.HEXAFACE = replace(settings.HEXAFACE, data=str(tmp_path))
    for _twice in range(2):
        assert chief.get("/compare/?task=age").status_code == 200
        assert set(EvaluationSet.objects.values_list("name", "source")) == {
            ("Mask val", ""),
            ("FER-2013 PublicTest", "fer2013"),
        }


def test_the_administration_leads_to_the_pages(compare: Callable[..., Any], chief: Client) -> None:
    row = compare("age")
    for name in ("comparison", "evaluationset", "shadow"):
        assert chief.get(f"/admin/evaluation/{name}/").status_code == 200
    assert chief.get("/admin/evaluation/comparison/add/")["Location"] == "/compare/"
    assert chief.get("/admin/evaluation/evaluationset/add/")["Location"] == SETS
    assert chief.get(f"/admin/evaluation/comparison/{row.pk}/change/")["Location"] == f"/compare/{row.pk}/"

"""Evaluation sets: uploaded, refused, deleted, swept."""

import os
import time
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.evaluation.models import EvaluationSet
from apps.evaluation.services import TASKS
from ml import archive
from tests.web import archives
from tests.web.evaluation.asking import SETS, add, folders, text

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("case", archives.HOSTILE)
def test_hostile_sets_are_refused_and_leave_nothing(chief: Client, case: str) -> None:
    data, reason = archives.HOSTILE[case]
    response = add(chief, data)
    assert response.status_code == 400
    assert reason in text(response)
    assert "Traceback" not in response.content.decode()
    assert folders() == []
    assert not EvaluationSet.objects.exists()


def test_limits_of_a_set(chief: Client, settings: Settings) -> None:
    path, (permission, _) = SETS, settings.LARGE_UPLOADS[SETS]
    settings.HEXAFACE = replace(settings.HEXAFACE, max_set_mb=0.02)
    settings.LARGE_UPLOADS = {path: (permission, settings.HEXAFACE.max_set_bytes)}
    response = add(chief, archives.good("age"))
    assert response.status_code == 400
    assert "at most 20,000 are read" in text(response)
    assert folders() == []


def test_two_sets_of_one_name_at_the_same_time(chief: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    check = archive.check

    def meanwhile(*args: Any) -> Any:
        EvaluationSet.objects.create(name="a set", task="age", token="other", images=1, rows=1, size_bytes=1)
        return check(*args)

    monkeypatch.setattr(archive, "check", meanwhile)
    response = add(chief, archives.good("age"), name="a set")
    assert response.status_code == 400
    assert "There is a set of that name already." in text(response)
    assert folders() == []


def test_a_name_is_used_once(chief: Client) -> None:
    add(chief, archives.good("age"))
    response = add(chief, archives.good("age"))
    assert response.status_code == 400
    assert "There is a set of that name already." in text(response)

"""A home of its own for each test, the worker, and a comparison from upload to report."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.evaluation.models import Comparison, EvaluationSet
from apps.versions.models import ModelVersion
from tests.web import archives
from tests.web.evaluation.asking import add, pair_of

Run = Callable[[], object]


@pytest.fixture(autouse=True)
def own(home: None) -> None:
    """Sets are files in the home."""


@pytest.fixture
def work(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Run:
    """Let the worker work off the queue."""
    return lambda: call_command("run_worker", batch=True)


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

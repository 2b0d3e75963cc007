"""What the tests share: requests to every page and endpoint that the registry gives, and what an error looks like."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import registry
from apps.core.registry import TaskPage
from apps.core.schemas import ErrorAnswer
from tests.web.photographs import files

TASKS = registry.tasks()
PHOTO_TASKS = [task for task in TASKS if task.images]
slug = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)
photo_task = pytest.mark.parametrize("task", PHOTO_TASKS, ids=lambda task: task.slug)


def post_files(web: Client, task: TaskPage, data: bytes, **options: Any) -> Any:
    return web.post(f"/api/v1/{task.slug}", {**files(task, data), **options})


def post_json(web: Client, path: str, body: object, **extra: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return web.post(path, raw, content_type="application/json", **extra)


def steady(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs from request to request."""
    return {name: value for name, value in answer.items() if name not in {"timing_ms", "request_id"}}


def assert_error(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content[:300]
    assert response["Content-Type"] == "application/json"
    answer = ErrorAnswer.model_validate(response.json())
    assert answer.error.code == code
    assert answer.request_id == response["x-request-id"]
    assert "Traceback" not in response.content.decode()
    return response.json()["error"]["details"]  # type: ignore[no-any-return]


def address(task: TaskPage) -> str:
    return reverse("task", kwargs={"slug": task.slug})


def send(web: Client, task: TaskPage, data: bytes, *, htmx: bool = False, **fields: Any) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    return web.post(address(task), {**files(task, data), **fields}, headers=headers)


def error_code(html: str) -> str:
    found = re.search(r'data-testid="error" data-code="(\w+)"', html)
    return found.group(1) if found else ""

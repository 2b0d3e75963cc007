"""The documentation of the API says what the API does."""

from typing import Any

import pytest
from django.test import Client

from apps.core import registry
from apps.core.engine import get_engine
from apps.core.examples import answer_example, request_example
from apps.core.inputs import validate
from apps.core.options import DetectionOptions
from apps.core.registry import TaskPage
from apps.core.schemas import answer_type

TASKS = registry.tasks()
slug = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)


@pytest.fixture
def schema(web: Client) -> dict[str, Any]:
    return web.get("/api/openapi.json").json()  # type: ignore[no-any-return]


def test_paths_and_operations(schema: dict[str, Any]) -> None:
    """A change here is a change of the API that clients see."""
    found = {
        (path, method, entry["operationId"]) for path, item in schema["paths"].items() for method, entry in item.items()
    }
    assert found == {(f"/api/v1/{task.slug}", "post", task.slug) for task in TASKS} | {
        ("/api/v1/models", "get", "models")
    }


@slug
def test_operation(schema: dict[str, Any], task: TaskPage) -> None:
    operation = schema["paths"][f"/api/v1/{task.slug}"]["post"]
    content = operation["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    for kind, image_format in (("application/json", None), ("multipart/form-data", "binary")):
        body = content[kind]["schema"]
        assert set(body["properties"]) == {*task.images, *task.options.model_fields}
        assert body["additionalProperties"] is False
        assert all(body["properties"][name].get("format") == image_format for name in task.images)
    assert {"200", "400", "413", "415", "429", "500", "503"} <= {str(status) for status in operation["responses"]}
    assert all("x-request-id" in answer["headers"] for answer in operation["responses"].values())
    assert all("example" in answer["content"]["application/json"] for answer in operation["responses"].values())


@slug
def test_examples_are_true(task: TaskPage) -> None:
    answer_type(task).model_validate(answer_example(task))
    options = {name: value for name, value in request_example(task).items() if name not in task.images}
    assert validate(task.options, options)


def test_detectors_are_those_of_the_engine() -> None:
    choices = DetectionOptions.model_json_schema()["properties"]["detector"]["enum"]
    assert sorted(choices) == sorted(get_engine().detectors)

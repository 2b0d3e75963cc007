"""The JSON contract, held over every endpoint that the registry gives."""

import pytest
from django.core.management import call_command
from django.test import Client

from apps.core.registry import TaskPage
from apps.core.schemas import ModelsAnswer, answer_type
from tests.web.asking import TASKS, assert_error, photo_task, post_files, post_json, slug, steady
from tests.web.photographs import as_base64


def test_there_are_nine_tasks_and_analyze() -> None:
    assert [task.slug for task in TASKS] == [
        "detect", "verify", "age", "gender", "emotion", "landmarks", "synthesis", "attributes", "mask", "analyze",
    ]  # fmt: skip


@slug
def test_answer_keeps_the_contract(web: Client, task: TaskPage, jpeg: bytes) -> None:
    response = post_files(web, task, jpeg)
    assert response.status_code == 200, response.content[:300]
    answer = answer_type(task).model_validate(response.json())
    assert response["x-request-id"] == response.json()["request_id"]
    assert answer.model_dump()["task"] == task.slug


@photo_task
def test_three_encodings_give_one_answer(web: Client, task: TaskPage, jpeg: bytes) -> None:
    text = as_base64(jpeg)
    wrapped = "\r\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    bodies = [dict.fromkeys(task.images, form) for form in (text, wrapped, f"data:image/jpeg;base64,{text}")]
    answers = [post_files(web, task, jpeg)] + [post_json(web, f"/api/v1/{task.slug}", body) for body in bodies]
    assert [answer.status_code for answer in answers] == [200] * 4
    first = steady(answers[0].json())
    assert all(steady(answer.json()) == first for answer in answers)


@slug
def test_only_post(web: Client, task: TaskPage) -> None:
    for method in ("get", "put", "delete", "patch"):
        response = getattr(web, method)(f"/api/v1/{task.slug}")
        assert_error(response, 405, "method_not_allowed")
        assert response["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/api/v1/shoes", "/api/v2/age", "/api/", "/api/v1/", "/api/v1/age/", "/api/v1/%00"])
def test_unknown_addresses(web: Client, path: str) -> None:
    assert_error(web.get(path), 404, "not_found")


def test_wrong_host(web: Client) -> None:
    assert_error(web.get("/api/v1/models", headers={"host": "evil.example"}), 400, "invalid_request")


def test_models(web: Client, db: None) -> None:
    call_command("sync_models", verbosity=0)
    response = web.get("/api/v1/models")
    cards = ModelsAnswer.model_validate(response.json()).models
    assert {task.slug for task in TASKS} - {"analyze"} <= set(cards)
    assert all(len(card.sha256) == 64 and card.licence for card in cards.values())
    versions = ModelsAnswer.model_validate(response.json()).versions
    active = {(task, card.network, card.version) for card in versions for task in card.active_for}
    assert active == {(task, card.network, card.version) for task, card in cards.items()}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1._Z", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("<script>", False), ("", False)],
)
def test_request_ids(web: Client, given: str, *, kept: bool) -> None:
    response = web.get("/healthz", headers={"x-request-id": given})
    assert (response["x-request-id"] == given) is kept
    assert response["x-request-id"]


def test_health(web: Client, db: None) -> None:
    assert web.get("/healthz").json() == {"status": "ok"}
    web.get("/api/v1/models")
    ready = web.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {"networks": True, "database": True}

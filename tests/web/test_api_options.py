"""Options of requests, in JSON and in forms."""

from typing import Any

import pytest
from django.test import Client

from apps.core.registry import TaskPage
from tests.web.asking import TASKS, assert_error, post_files, post_json, slug
from tests.web.photographs import as_base64


@slug
def test_unknown_options_are_refused_by_name(web: Client, task: TaskPage, jpeg: bytes) -> None:
    body = dict.fromkeys(task.images, as_base64(jpeg)) | {"max_face": 1, "image9": "x"}
    details = assert_error(post_json(web, f"/api/v1/{task.slug}", body), 400, "invalid_request")
    assert details["unknown"] == ["max_face", "image9"]
    assert details["allowed"] == list(task.options.model_fields)
    assert_error(post_files(web, task, jpeg, max_face="1"), 400, "invalid_request")


@pytest.mark.parametrize(("sent", "told"), [(0, 0), (20, 20), (99, 20)])
def test_unknown_options_are_told_up_to_a_number(web: Client, sent: int, told: int) -> None:
    body = {"count": 1} | {str(number): 0 for number in range(sent)}
    response = post_json(web, "/api/v1/synthesis", body)
    unknown = assert_error(response, 400, "invalid_request")["unknown"] if sent else []
    assert response.status_code == (400 if sent else 200)
    assert unknown == [str(number) for number in range(told)]


WRONG = [
    ("detect", "max_faces", 0),
    ("detect", "max_faces", 101),
    ("detect", "max_faces", "5"),
    ("detect", "max_faces", 1.5),
    ("detect", "max_faces", True),
    ("detect", "max_faces", None),
    ("detect", "max_faces", 10**400),
    ("detect", "min_confidence", 1.1),
    ("detect", "min_confidence", "high"),
    ("detect", "min_face", -1),
    ("detect", "min_face", 11.9),
    ("detect", "min_face", [20]),
    ("detect", "detector", "yolo"),
    ("detect", "detector", 3),
    ("detect", "rotate", "false"),
    ("detect", "rotate", 0),
    ("landmarks", "scheme", 68),
    ("landmarks", "scheme", "69"),
    ("verify", "face1", -1),
    ("verify", "false_match_rate", 0),
    ("verify", "false_match_rate", 2),
    ("synthesis", "count", 65),
    ("synthesis", "seed", -1),
    ("synthesis", "truncation", 1.01),
    ("synthesis", "to_seed", -1),
    ("synthesis", "smile", 3.1),
    ("synthesis", "age", "old"),
    ("analyze", "tasks", []),
    ("analyze", "tasks", "age"),
    ("analyze", "tasks", ["age", "shoe size"]),
    ("analyze", "tasks", [1]),
]


@pytest.mark.parametrize(("name", "option", "value"), WRONG, ids=lambda value: str(value)[:20])
def test_wrong_values_are_refused(web: Client, jpeg: bytes, name: str, option: str, value: object) -> None:
    task = next(task for task in TASKS if task.slug == name)
    body = dict.fromkeys(task.images, as_base64(jpeg)) | {option: value}
    details = assert_error(post_json(web, f"/api/v1/{name}", body), 400, "invalid_request")
    assert option in details["wrong"]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "five", "[1", "0x10", "true", "1" * 5000])
def test_wrong_numbers_in_multipart(web: Client, jpeg: bytes, text: str) -> None:
    assert_error(post_files(web, TASKS[0], jpeg, min_confidence=text), 400, "invalid_request")


def test_multipart_options_mean_what_they_say(web: Client, jpeg: bytes) -> None:
    analyze = TASKS[-1]
    for tasks in (["age", "mask"], "age,mask"):
        answer = post_files(web, analyze, jpeg, tasks=tasks, rotate="false", max_faces="1").json()
        assert set(answer["models"]) == set(answer["faces"][0]["result"]) == {"age", "mask"}
    assert_error(post_files(web, analyze, jpeg, max_faces=["1", "2"]), 400, "invalid_request")


@pytest.mark.parametrize(
    ("task", "fields"),
    [
        ("age", {"version": "null", "min_face": "null"}),
        ("age", {"rotate": "True", "min_face": "None"}),
        ("analyze", {"version": "{}", "embedding": "False", "tasks": ["age", "gender"]}),
        ("analyze", {"tasks": "age, gender"}),
    ],
)
def test_forms_may_write_nothing_as_programs_do(web: Client, jpeg: bytes, task: str, fields: dict[str, Any]) -> None:
    found = next(page for page in TASKS if page.slug == task)
    assert post_files(web, found, jpeg, **fields).status_code == 200


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({f"f{number}": "1" for number in range(150)}, "more than 100 fields"),
        ({"tasks": "verify"}, "tasks: unknown: verify"),
    ],
)
def test_refusals_are_in_words(web: Client, jpeg: bytes, fields: dict[str, Any], says: str) -> None:
    found = next(page for page in TASKS if page.slug == "analyze")
    message = post_files(web, found, jpeg, **fields).json()["error"]["message"]
    assert says in message
    assert "settings." not in message
    assert "Value error" not in message


def test_long_options_in_multipart(web: Client, jpeg: bytes) -> None:
    analyze = TASKS[-1]
    for name, text in (
        ("tasks", "age," * 3_000),
        ("version", "[" + "[]," * 5_000 + "[]]"),
        ("max_faces", "1" * 20_000),
    ):
        details = assert_error(post_files(web, analyze, jpeg, **{name: text}), 400, "invalid_request")
        assert details["wrong"] == {name: "more than 10,000 characters"}

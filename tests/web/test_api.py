"""The JSON contract, held over every endpoint that the registry gives."""

import base64
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from apps.core import registry
from apps.core.registry import TaskPage
from apps.core.schemas import ErrorAnswer, ModelsAnswer, answer_type
from tests.web.photographs import BAD, GOOD, PHOTOS, as_base64, files

TASKS = registry.tasks()
PHOTO_TASKS = [task for task in TASKS if task.images]
FACE_TASKS = [task for task in TASKS if task.kind in {"face", "analyze"}]
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


@pytest.mark.parametrize("guise", GOOD)
@photo_task
def test_every_kind_of_photograph_is_read(web: Client, task: TaskPage, guise: str) -> None:
    response = post_files(web, task, GOOD[guise])
    assert response.status_code == 200, response.content[:300]
    answer = response.json()
    sizes = answer["images"] if task.kind == "verify" else [answer["image"]]
    assert sizes == [{"width": 240, "height": 240}] * len(task.images)
    assert len(answer["faces"]) == len(task.images)


@pytest.mark.parametrize("case", BAD)
@photo_task
def test_bad_photographs_are_refused(web: Client, task: TaskPage, case: str) -> None:
    data, status, code = BAD[case]
    assert_error(post_files(web, task, data), status, code)
    if data:
        assert_error(post_json(web, f"/api/v1/{task.slug}", dict.fromkeys(task.images, as_base64(data))), status, code)


@photo_task
def test_no_face(web: Client, task: TaskPage) -> None:
    response = post_files(web, task, PHOTOS.blank())
    if task.slug == "detect":
        assert response.status_code == 200
        assert response.json()["faces"] == []
        return
    details = assert_error(response, 422, "no_face")
    assert details["width"] == 200
    assert details["rotations"] == [0, 90, 180, 270]


def test_a_gallery_by_embeddings(web: Client, jpeg: bytes) -> None:
    body = {"image": as_base64(jpeg), "tasks": ["age"], "embedding": True}
    first, again = (post_json(web, "/api/v1/analyze", body).json() for _ in range(2))
    assert set(first["models"]) == {"age", "embedding"}
    vector = first["faces"][0]["result"]["embedding"]["vector"]
    assert vector == again["faces"][0]["result"]["embedding"]["vector"]
    assert sum(value * value for value in vector) == pytest.approx(1, abs=1e-4)
    without = post_json(web, "/api/v1/analyze", body | {"embedding": False}).json()
    assert set(without["faces"][0]["result"]) == {"age"}
    assert_error(post_json(web, "/api/v1/age", {"image": as_base64(jpeg), "embedding": True}), 400, "invalid_request")


def test_rotated_photograph_is_found_and_told(web: Client) -> None:
    task = next(task for task in TASKS if task.slug == "age")
    lying = PHOTOS.encode(PHOTOS.face.rotate(90, expand=True), quality=92)
    assert post_files(web, task, lying).json()["rotation"] == 90
    assert post_files(web, task, lying, rotate="false").json()["rotation"] == 0
    assert_error(post_files(web, task, lying, rotate="false", detector="mtcnn"), 422, "no_face")


@photo_task
def test_missing_photograph(web: Client, task: TaskPage) -> None:
    assert assert_error(post_json(web, f"/api/v1/{task.slug}", {}), 400, "invalid_request")["missing"] == [
        task.images[0]
    ]
    assert_error(web.post(f"/api/v1/{task.slug}", {}), 400, "invalid_request")


@pytest.mark.parametrize(
    "text", ["/etc/passwd", "http://localhost/photo.jpg", "file:///etc/hosts", "data:image/png,abc", "ab\0cd", "é"]
)
def test_paths_and_addresses_are_not_opened(web: Client, text: str) -> None:
    assert_error(post_json(web, "/api/v1/detect", {"image": text}), 400, "invalid_request")


@slug
def test_unknown_options_are_refused_by_name(web: Client, task: TaskPage, jpeg: bytes) -> None:
    body = dict.fromkeys(task.images, as_base64(jpeg)) | {"max_face": 1, "image9": "x"}
    details = assert_error(post_json(web, f"/api/v1/{task.slug}", body), 400, "invalid_request")
    assert details["unknown"] == ["max_face", "image9"]
    assert details["allowed"] == list(task.options.model_fields)
    assert_error(post_files(web, task, jpeg, max_face="1"), 400, "invalid_request")


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


def test_long_options_in_multipart(web: Client, jpeg: bytes) -> None:
    analyze = TASKS[-1]
    for name, text in (
        ("tasks", "age," * 3_000),
        ("version", "[" + "[]," * 5_000 + "[]]"),
        ("max_faces", "1" * 20_000),
    ):
        details = assert_error(post_files(web, analyze, jpeg, **{name: text}), 400, "invalid_request")
        assert details["wrong"] == {name: "more than 10,000 characters"}


@pytest.mark.parametrize(("sent", "told"), [(0, 0), (20, 20), (99, 20)])
def test_unknown_options_are_told_up_to_a_number(web: Client, sent: int, told: int) -> None:
    body = {"count": 1} | {str(number): 0 for number in range(sent)}
    response = post_json(web, "/api/v1/synthesis", body)
    unknown = assert_error(response, 400, "invalid_request")["unknown"] if sent else []
    assert response.status_code == (400 if sent else 200)
    assert unknown == [str(number) for number in range(told)]


@pytest.mark.parametrize(
    "body",
    [
        b"{%s}" % b",".join(b'"%d":0' % number for number in range(101)),
        b"{%s}" % b",".join(b'"%d":0' % number for number in range(1_000_000)),
        b'{"version":[%s[]]}' % (b"[]," * 1_000_000),
    ],
    ids=["101 fields", "a million fields", "a million lists"],
)
def test_too_many_values(web: Client, body: bytes) -> None:
    response = post_json(web, "/api/v1/synthesis", body)
    assert assert_error(response, 400, "invalid_request") == {"max_fields": 100}


BODIES = {
    "blank": b" ",
    "not JSON": b"{image}",
    "a list": b"[]",
    "text": b'"image"',
    "deep": b"[" * 200_000,
    "deep objects": b'{"image":' * 50_000,
    "not UTF-8": b'{"image": "\xff\xfe"}',
    "null byte": b'{"image": "a\0b"}',
    "NaN": b'{"image": NaN}',
    "lone surrogate": b'{"image": "\\ud800"}',
}


@pytest.mark.parametrize("case", BODIES)
def test_broken_json(web: Client, case: str) -> None:
    assert_error(post_json(web, "/api/v1/age", BODIES[case]), 400, "invalid_request")


def test_huge_requests_are_refused_before_they_are_read(web: Client) -> None:
    details = assert_error(post_json(web, "/api/v1/age", b"{}", CONTENT_LENGTH="900000000"), 413, "too_large")
    assert details["max_bytes"] < 60_000_000
    assert_error(post_json(web, "/api/v1/age", b"{}", CONTENT_LENGTH="many"), 400, "invalid_request")


def test_too_much_base64(web: Client) -> None:
    assert_error(post_json(web, "/api/v1/age", {"image": "A" * 27_000_000}), 413, "too_large")


@pytest.mark.parametrize(
    "kind", ["text/plain", "image/jpeg", "application/x-www-form-urlencoded", "", "application/xml"]
)
def test_other_content_types(web: Client, kind: str) -> None:
    assert_error(web.post("/api/v1/age", b"image=abc", content_type=kind), 415, "unsupported_media")


def test_broken_multipart(web: Client) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"):
        assert_error(web.post("/api/v1/age", b"--y\r\nnonsense", content_type=kind), 400, "invalid_request")


def test_many_fields_and_files(web: Client, jpeg: bytes) -> None:
    assert_error(web.post("/api/v1/age", {f"f{i}": "x" for i in range(200)}), 400, "invalid_request")
    many = {f"image{i}": next(iter(files(TASKS[0], b"x").values())) for i in range(30)}
    assert_error(web.post("/api/v1/age", many), 400, "invalid_request")
    twice = {"image": [next(iter(files(TASKS[0], jpeg).values())) for _ in range(2)]}
    assert_error(web.post("/api/v1/age", twice), 400, "invalid_request")


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


def test_verify_indices_and_rates(web: Client, jpeg: bytes) -> None:
    task = next(task for task in TASKS if task.slug == "verify")
    same = post_files(web, task, jpeg, face1="0", face2="0").json()
    assert same["verified"] is True
    assert same["similarity"] > 0.99
    assert [face["index"] for face in same["faces"]] == [0, 0]
    strict = post_files(web, task, jpeg, false_match_rate="0.001").json()
    loose = post_files(web, task, jpeg, false_match_rate="0.01").json()
    assert strict["threshold"] > loose["threshold"]
    assert_error(post_files(web, task, jpeg, face2="7"), 400, "invalid_request")


def test_synthesis_repeats_itself(web: Client) -> None:
    first, again, other = (
        steady(post_json(web, "/api/v1/synthesis", {"count": 2, "seed": seed}).json()) for seed in (7, 7, 8)
    )
    assert first == again
    assert first["images"] != other["images"]
    assert len(first["images"]) == len(first["genders"]) == 2


def test_synthesis_is_steered(web: Client) -> None:
    plain, older, way = (
        post_json(web, "/api/v1/synthesis", {"count": 3, "seed": 7} | extra).json()
        for extra in ({}, {"age": 2}, {"to_seed": 8})
    )
    assert older["edits"] == {"smile": 0.0, "age": 2.0, "male": 0.0, "glasses": 0.0}
    assert plain["to_seed"] is None
    assert way["to_seed"] == 8
    assert way["images"][0] == plain["images"][0]
    assert not set(plain["images"]) & set(older["images"])


@pytest.mark.parametrize("kind", ["json", "files"])
def test_a_version_can_be_pinned(web: Client, jpeg: bytes, kind: str) -> None:
    def ask(slug: str, version: object) -> Any:
        if kind == "json":
            body = {"image": base64.b64encode(jpeg).decode(), "version": version}
            return post_json(web, f"/api/v1/{slug}", body | ({"tasks": ["age", "mask"]} if slug == "analyze" else {}))
        text = version if isinstance(version, str) else json.dumps(version)
        fields = {"version": text} | ({"tasks": "age,mask"} if slug == "analyze" else {})
        return web.post(f"/api/v1/{slug}", fields | {"image": SimpleUploadedFile("a.jpg", jpeg)})

    assert ask("age", "tiny-xception 1.0.0").json()["model"]["network"] == "tiny-xception"
    assert ask("landmarks", "1.0.0").json()["model"]["network"] == "mesh"
    models = ask("analyze", {"age": "tiny-xception 1.0.0"}).json()["models"]
    assert {task: model["network"] for task, model in models.items()} == {"age": "tiny-xception", "mask": "face"}
    for slug, version in (
        ("emotion", "1.0.0"),
        ("age", "face 0"),
        ("age", "mesh 1.0.0"),
        ("age", "../face-1.0.0"),
        ("detect", "scrfd 1.0.0"),
        ("analyze", {"gender": "face 1.8.0"}),
        ("analyze", {"detect": "scrfd 1.0.0"}),
    ):
        assert_error(ask(slug, version), 400, "invalid_request")


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

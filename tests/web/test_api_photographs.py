"""Photographs in requests: kinds that are read, and those that are refused."""

import pytest
from django.test import Client

from apps.core.registry import TaskPage
from tests.web.asking import TASKS, assert_error, photo_task, post_files, post_json
from tests.web.photographs import BAD, GOOD, PHOTOS, as_base64


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

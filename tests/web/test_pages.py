"""Every page that the registry gives, as a browser without JavaScript and as htmx see it."""

import json
import re

import pytest
from django.test import Client

from apps.core import samples
from apps.core.registry import TaskPage
from tests.web.asking import TASKS, address, error_code, photo_task, send, slug
from tests.web.photographs import BAD, GOOD, PHOTOS, photograph


def test_home_leads_to_every_task(web: Client) -> None:
    html = web.get("/").content.decode()
    assert all(f'href="{address(task)}"' in html and task.title in html for task in TASKS)


@slug
def test_page_shows_the_form(web: Client, task: TaskPage) -> None:
    response = web.get(address(task))
    assert response.status_code == 200
    html = response.content.decode()
    names = {*task.images, *task.options.model_fields, "csrfmiddlewaretoken"} - task.options.for_programs
    assert all(f'name="{name}"' in html for name in names)
    assert not any(f'name="{name}"' in html for name in task.options.for_programs)
    assert task.action in html
    assert 'enctype="multipart/form-data"' in html


@slug
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_answer(web: Client, task: TaskPage, jpeg: bytes, *, htmx: bool) -> None:
    response = send(web, task, jpeg, htmx=htmx)
    html = response.content.decode()
    assert response.status_code == 200, error_code(html)
    assert 'data-testid="result"' in html
    assert ("<html" in html) is not htmx
    shown = re.search(r'<pre[^>]*data-testid="json"[^>]*>(.*?)</pre>', html, re.DOTALL)
    assert shown
    report = json.loads(shown.group(1).replace("&quot;", '"').replace("&#x27;", "'"))
    assert report["task"] == task.slug
    assert report["request_id"] == response["x-request-id"]


@pytest.mark.parametrize("guise", GOOD)
@photo_task
def test_every_kind_of_photograph_is_drawn(web: Client, task: TaskPage, guise: str) -> None:
    response = send(web, task, GOOD[guise], htmx=True)
    html = response.content.decode()
    assert response.status_code == 200, error_code(html)
    assert html.count("data:image/jpeg;base64,") >= len(task.images)
    assert 'viewBox="0 0 240 240"' in html


@pytest.mark.parametrize("case", BAD)
@photo_task
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_bad_photographs_are_explained(web: Client, task: TaskPage, case: str, *, htmx: bool) -> None:
    data, status, code = BAD[case]
    response = send(web, task, data, htmx=htmx)
    assert response.status_code == status
    assert error_code(response.content.decode()) == code


@photo_task
def test_no_face(web: Client, task: TaskPage) -> None:
    response = send(web, task, PHOTOS.blank())
    assert response.status_code == (200 if task.slug == "detect" else 422)
    assert error_code(response.content.decode()) == ("" if task.slug == "detect" else "no_face")


def test_what_was_tried_is_told_in_the_words_of_the_options(web: Client) -> None:
    page = next(task for task in TASKS if task.slug == "age")
    html = send(web, page, PHOTOS.blank()).content.decode()
    told = dict(re.findall(r"<dt>([^<]*)</dt>\s*<dd>([^<]*)</dd>", html))
    assert told == {
        "Width in pixels": "200",
        "Height in pixels": "150",
        "Detector": "scrfd",
        "Smallest face in pixels": "12.0",
        "Least confidence": "0.5",
        "Degrees it was turned by": "0, 90, 180, 270",
        "Brightness, 0 to 255": "130.0",
    }


HOME = {"rotate": "on", "sample": "astronaut"}
"""What the short form of the home page sends."""


def test_the_page_behind_the_short_form_shows_the_options_that_were_used(web: Client) -> None:
    html = web.post("/analyze/", HOME).content.decode()
    assert html.count('name="tasks"') == html.count('name="tasks" value') > 5
    ticked = re.findall(r'<input[^>]*name="tasks"[^>]*>', html)
    assert all("checked" in box for box in ticked)
    assert re.search(r'name="max_faces" value="50"', html)
    assert re.search(r'<option value="68" selected>', html)
    assert re.search(r'name="rotate"[^>]*checked', html)


def test_a_photograph_has_to_be_chosen_again_without_scripts(web: Client, jpeg: bytes) -> None:
    task = next(task for task in TASKS if task.slug == "age")
    assert "choose it again" in send(web, task, jpeg).content.decode()
    assert "choose it again" not in web.get(address(task)).content.decode()


def test_no_task_ticked_is_said(web: Client) -> None:
    response = web.post("/analyze/", HOME | {"whole": "1"})
    assert response.status_code == 400
    assert "Choose at least one." in response.content.decode()


def test_which_of_two_photographs_is_wrong(web: Client, jpeg: bytes) -> None:
    task = next(task for task in TASKS if task.slug == "verify")
    missing = web.post(address(task), {"image1": photograph(jpeg)}).content.decode()
    assert "Choose Photograph 2 first." in missing
    assert 'data-wrong="image2"' in missing
    damaged = web.post(address(task), {"image1": photograph(jpeg), "image2": photograph(b"text")}).content.decode()
    assert "Photograph 2: This is not a photograph" in damaged
    blank = web.post(address(task), {"image1": photograph(jpeg), "image2": photograph(PHOTOS.blank())})
    assert "Photograph 2: No face was found in the photograph." in blank.content.decode()


@photo_task
def test_nothing_chosen(web: Client, task: TaskPage) -> None:
    response = web.post(address(task), {})
    assert response.status_code == 400
    assert error_code(response.content.decode()) == "invalid_request"


@photo_task
def test_samples_stand_in_for_photographs(web: Client, task: TaskPage) -> None:
    chosen = {name.replace("image", "sample"): samples.names()[0] for name in task.images}
    assert web.post(address(task), chosen).status_code == 200
    assert web.post(address(task), dict.fromkeys(chosen, "../../manage")).status_code == 400


def test_form_options_reach_the_engine(web: Client) -> None:
    detect = TASKS[0]
    lying = PHOTOS.encode(PHOTOS.face.rotate(90, expand=True), quality=92)
    mask = next(task for task in TASKS if task.slug == "mask")
    assert send(web, mask, lying).status_code == 200, "a box that was not on the form keeps its default"
    assert send(web, mask, lying, rotate="on").status_code == 200
    assert send(web, mask, lying, rotate="off", detector="mtcnn").status_code == 422
    assert send(web, detect, lying, max_faces="0").status_code == 400
    assert send(web, detect, lying, detector="yolo").status_code == 400


@slug
def test_pages_take_get_and_post_only(web: Client, task: TaskPage) -> None:
    assert web.head(address(task)).status_code == 200
    assert [getattr(web, method)(address(task)).status_code for method in ("put", "patch", "delete")] == [405] * 3


def test_models_page(web: Client, db: None) -> None:
    html = web.get("/models/").content.decode()
    cards = web.get("/api/v1/models").json()["models"].values()
    assert all(card["sha256"][:12] in html and card["version"] in html for card in cards)


def test_missing_pages(web: Client) -> None:
    for path in ("/nothing/", "/nothing", "/age/more/", "/%00/"):
        assert web.get(path, follow=True).status_code == 404


def test_large_request_gets_a_page(web: Client) -> None:
    response = web.post("/age/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="900000000")
    assert response.status_code == 413
    assert error_code(response.content.decode()) == "too_large"

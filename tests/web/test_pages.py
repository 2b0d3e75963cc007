"""Every page that the registry gives, as a browser without JavaScript and as htmx see it."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import registry, samples, services
from apps.core.registry import TaskPage
from tests.web.photographs import BAD, GOOD, PHOTOS, files, photograph

TASKS = registry.tasks()
slug = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)
photo_task = pytest.mark.parametrize("task", [task for task in TASKS if task.images], ids=lambda task: task.slug)

CSP = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


def address(task: TaskPage) -> str:
    return reverse("task", kwargs={"slug": task.slug})


def send(web: Client, task: TaskPage, data: bytes, *, htmx: bool = False, **fields: Any) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    return web.post(address(task), {**files(task, data), **fields}, headers=headers)


def error_code(html: str) -> str:
    found = re.search(r'data-testid="error" data-code="(\w+)"', html)
    return found.group(1) if found else ""


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


def test_a_page_that_was_open_for_too_long(jpeg: bytes) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    answers = [strict.post("/age/", {"image": photograph(jpeg)}, headers=more) for more in ({}, {"HX-Request": "true"})]
    assert [answer.status_code for answer in answers] == [403, 403]
    page, part = (answer.content.decode() for answer in answers)
    assert "<html" in page
    assert "<html" not in part
    assert error_code(part) == "forbidden"
    assert "Reload it" in part


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
def test_csrf(task: TaskPage, jpeg: bytes) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    assert send(strict, task, jpeg).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', strict.get(address(task)).content.decode())
    assert token
    assert send(strict, task, jpeg, csrfmiddlewaretoken=token.group(1)).status_code == 200


@slug
def test_pages_take_get_and_post_only(web: Client, task: TaskPage) -> None:
    assert web.head(address(task)).status_code == 200
    assert [getattr(web, method)(address(task)).status_code for method in ("put", "patch", "delete")] == [405] * 3


@pytest.mark.parametrize(
    "path", ["/", "/age/", "/models/", "/nothing/", "/api/v1/models", "/api/v1/nothing", "/healthz", "/admin/login/"]
)
def test_security_headers(web: Client, path: str, db: None) -> None:
    response = web.get(path)
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert CSP.items() <= policy.items()
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=(self)" in response["Permissions-Policy"]
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert response["x-request-id"]


@pytest.mark.parametrize("path", ["/", "/models/", *(address(task) for task in TASKS)])
def test_pages_keep_to_their_policy(web: Client, path: str, db: None) -> None:
    html = web.get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", html), "inline script"
    assert not re.search(r"\son\w+=", html), "inline handler"
    assert not re.search(r"\sstyle=", html), "inline style"
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html), "something from elsewhere"


def test_only_the_docs_may_style_inline(web: Client) -> None:
    response = web.get("/api/docs")
    assert response.status_code == 200
    assert "style-src 'self' 'unsafe-inline'" in response["Content-Security-Policy"]
    assert "script-src 'self';" in response["Content-Security-Policy"] + ";"
    assert not re.search(r'(?:src|href)="(?:https?:)?//', response.content.decode())


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


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_a_bug_shows_no_traceback(web: Client, jpeg: bytes, monkeypatch: pytest.MonkeyPatch, *, htmx: bool) -> None:
    def broken(**_kwargs: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(services, "run", broken)
    response = send(web, TASKS[0], jpeg, htmx=htmx)
    assert response.status_code == 500
    assert "secret detail" not in response.content.decode()
    api = web.post("/api/v1/detect", files(TASKS[0], jpeg))
    assert api.status_code == 500
    assert api.json()["error"]["code"] == "internal"
    assert "secret detail" not in api.content.decode()

"""Every page that the registry gives, as a browser without JavaScript and as htmx see it."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import registry, samples, services
from apps.core.registry import TaskPage
from tests.web.photographs import BAD, GOOD, PHOTOS, files

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

"""What every page is protected by: tokens, headers, a policy without inline code, and errors that tell nothing of the inside."""

import re

import pytest
from django.test import Client

from apps.core import services
from apps.core.registry import TaskPage
from tests.web.asking import TASKS, address, error_code, send, slug
from tests.web.photographs import files, photograph

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


def test_a_page_that_was_open_for_too_long(jpeg: bytes) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    answers = [strict.post("/age/", {"image": photograph(jpeg)}, headers=more) for more in ({}, {"HX-Request": "true"})]
    assert [answer.status_code for answer in answers] == [403, 403]
    page, part = (answer.content.decode() for answer in answers)
    assert "<html" in page
    assert "<html" not in part
    assert error_code(part) == "forbidden"
    assert "Reload it" in part


@slug
def test_csrf(task: TaskPage, jpeg: bytes) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    assert send(strict, task, jpeg).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', strict.get(address(task)).content.decode())
    assert token
    assert send(strict, task, jpeg, csrfmiddlewaretoken=token.group(1)).status_code == 200


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

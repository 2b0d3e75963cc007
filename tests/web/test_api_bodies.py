"""Requests that are broken, too large or of another kind."""

import pytest
from django.test import Client

from tests.web.asking import TASKS, assert_error, post_json
from tests.web.photographs import files

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

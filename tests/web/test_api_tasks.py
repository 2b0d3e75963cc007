"""What single tasks answer to their own options."""

import base64
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.web.asking import TASKS, assert_error, post_files, post_json, steady
from tests.web.photographs import as_base64


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
        ("analyze", {"gender": "face 1.9.0"}),
        ("analyze", {"detect": "scrfd 1.0.0"}),
    ):
        assert_error(ask(slug, version), 400, "invalid_request")

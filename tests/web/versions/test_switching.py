"""Model versions from the upload to the answer: checked, activated, rolled back."""

import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.versions import services, store
from apps.versions.models import ActivationEvent, ModelVersion, Origin, State
from apps.versions.serving import Follower
from ml.engine import Engine
from tests.web.candidates import OTHER, OWN, content, described, send, upload
from tests.web.versions.acting import answer, click, key_of

pytestmark = pytest.mark.django_db


def test_upload_activate_answer_roll_back(chief: Client, web: Client, jpeg: bytes, engine: Engine) -> None:
    row = upload(chief, content(OTHER), described(OTHER), name="../../face-1.0.0.tflite")
    assert (row.state, row.reason, row.origin) == (State.AVAILABLE, "", Origin.ADDED)
    assert row.check_report["faces"] > 0
    assert row.file == f"{row.sha256}.tflite"
    assert (store.folder() / row.file).read_bytes() == content(OTHER)
    assert not list(store.folder().glob("incoming-*"))

    shipped = answer(web, jpeg)
    assert key_of(shipped) == OWN
    page = click(chief, "versions_activate", row.pk, "age", reason="closer on our photographs")
    assert f"answered by {row}" in page.content.decode()
    Follower(engine).step()
    assert key_of(answer(web, jpeg)) == "tiny-xception 9.0.0"
    assert key_of(answer(web, jpeg, version=OWN)) == OWN
    assert answer(web, jpeg, version=OTHER)["faces"] == answer(web, jpeg)["faces"]

    assert f"answered by {OWN}" in click(chief, "versions_roll_back", "age").content.decode()
    Follower(engine).step()
    assert answer(web, jpeg)["faces"] == shipped["faces"]
    first, second = ActivationEvent.objects.filter(who__isnull=False).order_by("at")
    assert (first.from_key, first.to_key, first.who_name) == (OWN, str(row), "admin")
    assert (first.why, first.to_sha256) == ("closer on our photographs", row.sha256)
    assert (second.from_key, second.to_key) == (str(row), OWN)


def test_an_added_version_may_be_rounded_to_eight_bits(chief: Client, web: Client, jpeg: bytes, engine: Engine) -> None:
    rows = [
        upload(chief, content(OTHER), described(OTHER, version=number), precision=precision)
        for number, precision in (("9.0.0", ""), ("9.0.1", "int8"))
    ]
    assert [(row.state, row.precision) for row in rows] == [(State.AVAILABLE, "float32"), (State.AVAILABLE, "int8")]
    Follower(engine).step()
    plain, rounded = (answer(web, jpeg, version=row.key)["faces"][0]["result"]["years"] for row in rows)
    assert plain == answer(web, jpeg, version=OTHER)["faces"][0]["result"]["years"]
    assert 0 < abs(plain - rounded) < 3
    assert web.get("/api/v1/models").json()["versions"][-1]["precision"] == "float32"


def test_description_by_fields(chief: Client) -> None:
    fields = {
        "network": "levelled",
        "version": "0.1",
        "licence": "ours",
        "training_data": "none",
        "tasks": ["emotion"],
        "outputs": "emotion",
        "height": "64",
        "width": "64",
        "align": "box",
        "margin": "0.9",
        "colour": "gray",
        "mean": "127.5",
        "scale": "0.00784313725",
        "labels": '{"emotion": ["neutral", "angry", "disgust", "fear", "happy", "sad", "surprise"]}',
        "commercial": "true",
    }
    row = upload(chief, content("mini-xception 1.0.0"), {"name": "levelled", "version": "0.1"}, **fields)
    assert (row.state, row.commercial, row.tasks) == (State.AVAILABLE, True, ["emotion"])
    assert row.input["size"] == [64, 64]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "../evil"}, "Small letters"),
        ({"name": ""}, "Small letters"),
        ({"version": "1 0"}, "Letters, digits"),
        ({"version": "1.0.0"}, "has that version already"),
        ({"licence": ""}, "Say it"),
        ({"training_data": " "}, "not known"),
        ({"tasks": []}, "at least one"),
        ({"tasks": ["detect"]}, "at least one"),
        ({"tasks": [{}]}, "list of names"),
        ({"outputs": []}, "every output"),
        ({"labels": {"emotion": [1]}}, "list of names"),
        ({"input": []}, "input must be an object"),
        ({"input": {"size": [64, 64], "shell": "rm"}}, "does not fit"),
        ({"input": {"height": 192, "width": 192}}, "does not fit"),
        ({"input": {"align": "five_point"}}, "align is one of box, five_points, none"),
        ({"metrics": {"age": {"data": "a\0b"}}}, "the character NUL"),
        ({"notes": "a\0b"}, "the character NUL"),
        ({"title": 3}, "must be text"),
        ({"commercial": "yes"}, "true or false"),
        ({"precision": "int4"}, "One of float32, int8"),
        ({"precision": []}, "One of float32, int8"),
        ({"file": "/etc/passwd"}, "Unknown keys: file"),
    ],
)
def test_wrong_descriptions_are_refused(chief: Client, changes: dict[str, Any], says: str) -> None:
    before = ModelVersion.objects.count()
    response = send(chief, content(OTHER), described(OTHER, **changes))
    assert response.status_code == 200
    assert says in response.content.decode()
    assert ModelVersion.objects.count() == before


@pytest.mark.parametrize(
    "fields",
    [
        {"mean": "nan"},
        {"mean": "1,1e999,1"},
        {"calibration": '{"age": {"coverage": [[NaN]]}}'},
        {"labels": '{"a\\u0000": []}'},
    ],
    ids=["mean", "one of three means", "deep in a calibration", "a name"],
)
def test_what_databases_do_not_take_is_refused(chief: Client, fields: dict[str, str]) -> None:
    before = ModelVersion.objects.count()
    response = send(chief, content(OTHER), described(OTHER), **fields)
    assert response.status_code == 200
    assert "Numbers must be finite" in response.content.decode()
    assert ModelVersion.objects.count() == before


def test_roll_back_needs_something_to_go_back_to(chief: Client) -> None:
    with pytest.raises(services.Refused, match="no earlier version"):
        services.roll_back(task="age", user=None, reason="why")
    assert (
        "no earlier version"
        in chief.get(reverse("admin:versions_roll_back", args=("age",)), follow=True).content.decode()
    )


def test_command(chief: Client, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("activate_model", "age", OTHER, reason="by hand")
    call_command("activate_model", "age", roll_back=True, reason="back")
    assert re.findall(r"(\S+ \S+) answers age", capsys.readouterr().out) == [OTHER, OWN]
    for arguments in (("age", "face 9"), ("age",), ("age", "mesh 1.0.0")):
        with pytest.raises(CommandError):
            call_command("activate_model", *arguments, reason="why")

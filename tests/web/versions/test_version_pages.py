"""The public pages of versions."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.versions import store
from apps.versions.models import ModelVersion
from apps.versions.serving import Follower
from apps.versions.watcher import Watcher
from ml.engine import Engine
from tests.web.candidates import OTHER, OWN, content, described, upload
from tests.web.versions.acting import click

pytestmark = pytest.mark.django_db


def test_public_pages_tell_no_secrets(chief: Client, web: Client, engine: Engine) -> None:
    row = upload(chief, content(OTHER), described(OTHER, name="clinic", notes="Own photographs."))
    failed = upload(chief, b"", described(OTHER, name="broken"))
    click(chief, "versions_activate", row.pk, "age", reason="a private reason")
    Follower(engine).step()
    Watcher(engine)._look()
    page = web.get("/models/clinic/9.0.0/").content.decode()
    listed = web.get("/models/").content.decode()
    answer = web.get("/api/v1/models").json()
    assert f"answers age, after {OWN}" in page
    assert "Own photographs." in page
    assert "clinic" in listed
    assert answer["models"]["age"]["network"] == "clinic"
    assert next(card for card in answer["versions"] if card["network"] == "clinic")["active_for"] == ["age"]
    for public in (page, listed, str(answer)):
        assert "admin<" not in public
        assert "a private reason" not in public
        assert row.file not in public.replace(row.sha256, "hash")
        assert str(store.folder()) not in public
        assert failed.network not in public
    private = chief.get(reverse("admin:versions_modelversion_change", args=(row.pk,))).content.decode()
    assert "a private reason" in private
    assert "Server processes" in private
    assert web.get("/models/broken/9.0.0/").status_code == 404


def test_version_pages_of_all_shipped_networks(chief: Client, web: Client) -> None:
    for row in ModelVersion.objects.all():
        page = web.get(f"/models/{row.network}/{row.version}/")
        assert page.status_code == 200
        html = page.content.decode()
        assert row.sha256[:12] in html
        for link in re.findall(r'(?:src|href)="(/models/[^"]+\.(?:svg|json))"', html):
            assert web.get(link).status_code == 200, link


@pytest.mark.parametrize(
    "path",
    [
        "/models/face/9/",
        "/models/face/9/report.json",
        "/models/a%00b/1.0.0/",
        "/models/face/1%00/report.json",
        "/models/plots/x.svg",
        pytest.param(f"/models/plots/{'a' * 300}.svg", id="a long name"),
        "/models/plots/..%2F..%2FREADME.md",
        "/models/plots/README.md",
    ],
)
def test_what_is_not_there(chief: Client, web: Client, path: str) -> None:
    assert web.get(path).status_code == 404

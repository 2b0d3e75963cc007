"""Rows and files of versions: added, shipped, no longer shipped, deleted."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.versions import forms, services, store
from apps.versions.models import Activation, ActivationEvent, ModelVersion, State
from apps.versions.serving import Follower
from ml.engine import Engine
from tests.web.candidates import OTHER, OWN, content, described, send, upload
from tests.web.versions.acting import click, version

pytestmark = pytest.mark.django_db


def test_deleting_added_versions(chief: Client, engine: Engine) -> None:
    first = upload(chief, content(OTHER), described(OTHER))
    twin = upload(chief, content(OTHER), described(OTHER, version="2.0.1"))
    Follower(engine).step()
    assert {spec.key for spec in engine.added} == {str(first), str(twin)}
    services.activate(task="age", version=first, user=None, reason="why")
    for row in (first, version(OWN)):
        assert (
            chief.post(reverse("admin:versions_modelversion_delete", args=(row.pk,)), {"post": "yes"}).status_code
            == 403
        )
        with pytest.raises(services.Refused):
            services.delete(version=row, user=None)
    with pytest.raises(services.Refused, match="answers a task"):
        services.check_version(first.pk)
    services.roll_back(task="age", user=None, reason="why")
    assert (
        chief.post(reverse("admin:versions_modelversion_delete", args=(first.pk,)), {"post": "yes"}).status_code == 302
    )
    Follower(engine).step()
    assert {spec.key for spec in engine.added} == {str(twin)}
    assert ActivationEvent.objects.filter(to_key=str(first)).exists()
    with pytest.raises(services.Refused, match="no earlier version"):
        services.roll_back(task="age", user=None, reason="why")


def test_the_file_goes_with_the_last_row(chief: Client, django_capture_on_commit_callbacks: Any) -> None:
    rows = [upload(chief, content(OTHER), described(OTHER, version=number)) for number in ("2.0.0", "2.0.1")]
    for row, left in zip(rows, (1, 0), strict=True):
        with django_capture_on_commit_callbacks(execute=True):
            services.delete(version=row, user=None)
        assert len(list(store.folder().iterdir())) == left


def test_sync_respects_what_was_chosen(chief: Client) -> None:
    services.activate(
        task="age", version=version(OTHER), user=get_user_model().objects.get(username="admin"), reason="why"
    )
    get_user_model().objects.all().delete()
    call_command("sync_models", verbosity=0)
    assert Activation.objects.get(task="age").version == version(OTHER)
    assert ActivationEvent.objects.filter(task="age").first().who_name == "admin"  # type: ignore[union-attr]


@pytest.mark.parametrize(("active", "chosen"), [(False, False), (True, False), (True, True)])
def test_networks_that_are_no_longer_shipped(
    chief: Client, web: Client, engine: Engine, *, active: bool, chosen: bool
) -> None:
    gone = version(OWN)
    gone.pk, gone.version = None, "0.9.0"
    gone.save()
    if active:
        services.activate(
            task="age", version=gone, user=get_user_model().objects.get(username="admin"), reason="by hand"
        )
        Activation.objects.filter(task="age").update(chosen=chosen)
    events = ActivationEvent.objects.count()
    for _twice in range(2):
        call_command("sync_models", verbosity=0)
        assert ActivationEvent.objects.count() == events + active

    gone.refresh_from_db()
    assert (gone.state, gone.reason) == (State.FAILED, "No longer shipped.")
    assert web.get(f"/models/{gone.network}/{gone.version}/").status_code == 404
    for page in ("/models/", "/api/v1/models", "/compare/?task=age"):
        assert gone.version not in chief.get(page).content.decode()
    row = Activation.objects.get(task="age")
    assert (row.version, row.chosen) == (version(OWN), False)
    assert Follower(engine).step()["age"].error == ""
    if active:
        event = ActivationEvent.objects.filter(task="age").first()
        assert event
        assert (event.from_key, event.to_key, event.why) == (str(gone), OWN, f"{gone} is no longer shipped.")
    with pytest.raises(services.Refused, match="no earlier version"):
        services.roll_back(task="age", user=None, reason="why")
    card = chief.get(reverse("admin:versions_modelversion_change", args=(row.version_id,))).content.decode()
    assert reverse("admin:versions_roll_back", args=("age",)) not in card
    assert "No longer shipped" in click(chief, "versions_activate", gone.pk, "age").content.decode()


def test_a_network_that_is_shipped_again_is_available(chief: Client) -> None:
    ModelVersion.objects.filter(pk=version(OTHER).pk).update(state=State.FAILED, reason="No longer shipped.")
    call_command("sync_models", verbosity=0)
    assert (version(OTHER).state, version(OTHER).reason) == (State.AVAILABLE, "")


@pytest.mark.parametrize(("data", "left"), [(None, 0), (b"another file", 1), (b"a file", 1)])
def test_a_refused_row_leaves_no_file(data: bytes | None, left: int) -> None:
    """Two uploads of one version, both looked through before either was stored."""
    values = {"network": "clinic", "version": "1"}
    if data is None:
        values, data = {"nonsense": "x"}, b"a file"
    else:
        services.add_upload(values=values, content=[b"a file"], user=None)
    with pytest.raises((services.Refused, TypeError)):
        services.add_upload(values=values, content=[data], user=None)
    assert len(list(store.folder().iterdir())) == left
    assert all(store.path_of(row.file).is_file() for row in ModelVersion.objects.all())


def test_who_adds_a_version_second_is_told(chief: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(chief, content(OTHER), described(OTHER, name="clinic"))
    # As if both had been looked through before either was stored.
    monkeypatch.setattr(forms, "problems", lambda _values: {})
    for check in ("validate_unique", "validate_constraints"):
        monkeypatch.setattr(ModelVersion, check, lambda *_args, **_kwargs: None)
    answer = send(chief, content(OTHER), described(OTHER, name="clinic"))
    assert answer.status_code == 302
    assert "was added a moment ago" in chief.get(answer.url).content.decode()
    assert ModelVersion.objects.filter(network="clinic").count() == 1


def test_a_version_deleted_while_it_is_checked(chief: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = upload(chief, content(OTHER), described(OTHER, name="clinic"))

    def meanwhile(version: ModelVersion) -> dict[str, Any]:
        ModelVersion.objects.filter(pk=version.pk).delete()
        return {"ok": True}

    monkeypatch.setattr(services, "examine", meanwhile)
    page = chief.post(f"/admin/versions/modelversion/{row.pk}/check/", follow=True)
    assert page.status_code == 200
    assert "was deleted while it was checked" in page.content.decode()


def test_a_version_activated_while_it_is_deleted(chief: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = upload(chief, content(OTHER), described(OTHER, name="clinic"))
    delete = services.delete

    def meanwhile(**values: Any) -> None:
        services.activate(task="age", version=row, user=None, reason="why")
        delete(**values)

    monkeypatch.setattr(services, "delete", meanwhile)
    page = chief.post(reverse("admin:versions_modelversion_delete", args=(row.pk,)), {"post": "yes"}, follow=True)
    assert page.status_code == 200
    assert "answers a task now" in page.content.decode()
    assert ModelVersion.objects.filter(pk=row.pk).exists()

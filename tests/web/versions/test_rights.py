"""Who may upload, activate and delete versions; what is refused and what is written down."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from apps.versions import services, store
from apps.versions.models import Activation, ActivationEvent, ModelVersion, State
from tests.web.candidates import ADD, OTHER, OWN, content, described, send, upload
from tests.web.versions.acting import click, version

pytestmark = pytest.mark.django_db


def staff(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("helper", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions, content_type__app_label="versions"))
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def test_permissions(chief: Client) -> None:
    row = version(OTHER)
    addresses = [
        reverse("admin:versions_activate", args=(row.pk, "age")),
        reverse("admin:versions_roll_back", args=("age",)),
    ]
    reader = staff("view_modelversion")
    assert reader.get(reverse("admin:versions_modelversion_change", args=(row.pk,))).status_code == 200
    for address in addresses:
        assert reader.get(address).status_code == 403
        assert reader.post(address, {"reason": "why"}).status_code == 403
    assert reader.get(ADD).status_code == 403
    assert send(reader, content(OTHER), described(OTHER)).status_code == 403
    assert reader.post(reverse("admin:versions_check", args=(row.pk,))).status_code == 403
    user = get_user_model().objects.get(username="helper")
    with pytest.raises(PermissionDenied):
        services.activate(task="age", version=row, user=user, reason="why")
    with pytest.raises(PermissionDenied):
        services.add_upload(values={}, content=[b""], user=user)
    assert Activation.objects.get(task="age").version == version(OWN)
    assert not list(store.folder().iterdir())


def test_the_right_to_upload_is_not_the_right_to_activate(chief: Client) -> None:
    adder = staff("view_modelversion", "add_modelversion")
    row = upload(adder, content(OTHER), described(OTHER))
    assert row.state == State.AVAILABLE
    assert adder.post(reverse("admin:versions_activate", args=(row.pk, "age")), {"reason": "why"}).status_code == 403


def test_the_right_to_activate_is_not_the_right_to_upload(chief: Client) -> None:
    switcher = staff("view_modelversion", "activate_modelversion")
    click(switcher, "versions_activate", version(OTHER).pk, "age")
    assert Activation.objects.get(task="age").version == version(OTHER)
    assert send(switcher, content(OTHER), described(OTHER)).status_code == 403


def test_a_strangers_large_upload_is_not_written(web: Client, chief: Client) -> None:
    assert send(web, content(OTHER), described(OTHER)).status_code == 302
    assert not list(store.folder().iterdir())


@pytest.mark.parametrize(
    ("task", "key", "reason", "says"),
    [
        ("age", OWN, "why", "already"),
        ("age", "mesh 1.0.0", "why", "cannot answer"),
        ("age", OTHER, "  ", "Say why"),
        ("detect", "blazeface 1.0.0", "why", "detector is an option"),
        ("height", OTHER, "why", "not switched"),
    ],
)
def test_activations_that_are_refused(chief: Client, task: str, key: str, reason: str, says: str) -> None:
    events = ActivationEvent.objects.count()
    with pytest.raises(services.Refused, match=says):
        services.activate(task=task, version=version(key), user=None, reason=reason)
    assert ActivationEvent.objects.count() == events


@pytest.mark.parametrize("state", [State.FAILED, State.CHECKING])
def test_only_checked_versions_are_activated(chief: Client, state: State) -> None:
    row = version(OTHER)
    ModelVersion.objects.filter(pk=row.pk).update(state=state, reason="The output age is not finite.")
    with pytest.raises(services.Refused, match="cannot be activated"):
        services.activate(task="age", version=row, user=None, reason="why")
    page = click(chief, "versions_activate", row.pk, "age").content.decode()
    assert "cannot be activated" in page
    assert "Activate for age" not in page
    assert Activation.objects.get(task="age").version == version(OWN)


def test_history_cannot_be_changed(chief: Client) -> None:
    event = services.activate(task="age", version=version(OTHER), user=None, reason="why")
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
    address = reverse("admin:versions_activationevent_change", args=(event.pk,))
    assert chief.post(address, {"why": "another reason"}).status_code == 403
    assert chief.get(reverse("admin:versions_activationevent_add")).status_code == 403
    assert (
        chief.post(reverse("admin:versions_activationevent_delete", args=(event.pk,)), {"post": "yes"}).status_code
        == 403
    )

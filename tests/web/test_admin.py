"""What the administrator sees of model versions."""

import pytest
from django.test import Client

from apps.versions.models import Activation, ModelVersion

pytestmark = pytest.mark.django_db
LIST = "/admin/versions/modelversion/"


def test_list_and_card(chief: Client) -> None:
    html = chief.get(LIST).content.decode()
    for row in ModelVersion.objects.all():
        assert str(row) in html
        card = chief.get(f"{LIST}{row.pk}/change/").content.decode()
        assert row.sha256 in card
        assert row.licence in card
        assert all(task in card for task in row.metrics)


@pytest.mark.parametrize("query", ["?task=verify", "?active=yes", "?active=no", "?q=face", "?commercial__exact=1"])
def test_filters(chief: Client, query: str) -> None:
    assert chief.get(LIST + query).status_code == 200


def test_filter_by_task(chief: Client) -> None:
    verify = Activation.objects.get(task="verify").version
    shown = chief.get(LIST + "?task=verify").context["cl"].queryset
    assert verify in shown
    assert all("verify" in row.tasks for row in shown)
    assert set(chief.get(LIST + "?active=yes").context["cl"].queryset) == {
        row.version for row in Activation.objects.all()
    }


def test_nothing_can_be_changed(chief: Client) -> None:
    row = ModelVersion.objects.first()
    assert row
    assert chief.post(f"{LIST}{row.pk}/change/", {"licence": "mine"}).status_code == 403
    assert chief.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_strangers_see_nothing(client: Client) -> None:
    response = client.get(LIST, headers={"host": "localhost"})
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]

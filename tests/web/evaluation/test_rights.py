"""Who may see and do what."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client

from tests.web import archives
from tests.web.evaluation.asking import SETS, add, folders

pytestmark = pytest.mark.django_db


PAGES = ["/compare/", SETS, "/compare/1/", "/compare/1/progress/", "/compare/1/photo/0/0/"]


@pytest.mark.parametrize("page", PAGES)
def test_strangers_log_in_first(page: str) -> None:
    response = Client(headers={"host": "localhost"}).get(page)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/?next=/compare/")


def staff_with(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("staff", password="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


@pytest.mark.parametrize("page", PAGES)
def test_staff_need_the_permission(page: str) -> None:
    assert staff_with("view_comparison").get(page).status_code == 403


def test_each_right_is_its_own() -> None:
    call_command("sync_models", verbosity=0)
    client = staff_with("add_comparison")
    assert client.get("/compare/").status_code == 200
    assert client.get(SETS).status_code == 200
    assert add(client, archives.good("age")).status_code == 403
    assert client.post(f"{SETS}1/delete/").status_code == 403
    assert client.post("/compare/shadow/", {"task": "age"}).status_code == 403
    assert folders() == []


def test_the_administration_leads_to_the_pages(compare: Callable[..., Any], chief: Client) -> None:
    row = compare("age")
    for name in ("comparison", "evaluationset", "shadow"):
        assert chief.get(f"/admin/evaluation/{name}/").status_code == 200
    assert chief.get("/admin/evaluation/comparison/add/")["Location"] == "/compare/"
    assert chief.get("/admin/evaluation/evaluationset/add/")["Location"] == SETS
    for wrong in ("abc", row.pk + 1):
        assert chief.get(f"/admin/evaluation/comparison/{wrong}/change/")["Location"] == "/admin/"
    assert chief.get(f"/admin/evaluation/comparison/{row.pk}/change/")["Location"] == f"/compare/{row.pk}/"

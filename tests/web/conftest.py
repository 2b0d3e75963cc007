"""Clients, a photograph and a home."""

import dataclasses
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from apps.core import observers
from tests.web.photographs import GOOD


@pytest.fixture
def jpeg() -> bytes:
    """One face, 240x240."""
    return GOOD["jpeg"]


@pytest.fixture
def web() -> Client:
    """A client that sees error pages instead of exceptions."""
    return Client(raise_request_exception=False, headers={"host": "localhost"})


@pytest.fixture(autouse=True)
def nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shadow mode reads the database from a thread of its own, which tests inside a transaction do not bear; its own tests set it up."""
    monkeypatch.setattr(observers, "_observers", [])


@pytest.fixture
def chief(admin_client: Client) -> Client:
    """An administrator who sees the versions that are shipped."""
    call_command("sync_models", verbosity=0)
    admin_client.defaults["HTTP_HOST"] = "localhost"
    return admin_client


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> None:
    """A home of its own for the test."""
    settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, home=tmp_path)

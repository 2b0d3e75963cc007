"""Clients and a photograph."""

import pytest
from django.test import Client

from tests.web.photographs import GOOD


@pytest.fixture
def jpeg() -> bytes:
    """One face, 240x240."""
    return GOOD["jpeg"]


@pytest.fixture
def web() -> Client:
    """A client that sees error pages instead of exceptions."""
    return Client(raise_request_exception=False, headers={"host": "localhost"})

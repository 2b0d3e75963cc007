"""A store of its own for each test, an administrator, and the engine of this process."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.core.engine import get_engine
from ml.engine import Engine


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> None:
    """A store of its own for each test."""
    settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, home=tmp_path)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The engine of this process; afterwards it answers as shipped again."""
    engine = get_engine()
    yield engine
    for task, key in engine._networks.manifest.active.items():
        if task != "detect":
            engine.activate(task, key)
    for spec in engine.added:
        engine.remove(spec.key)

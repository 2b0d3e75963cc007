"""A store of its own for each test, an administrator, and the engine of this process."""

from collections.abc import Iterator

import pytest

from apps.core.engine import get_engine
from ml.engine import Engine


@pytest.fixture(autouse=True)
def own(home: None) -> None:
    """The store is a folder of the home."""


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

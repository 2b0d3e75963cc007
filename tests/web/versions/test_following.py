"""Every process follows the database, and counts what its versions answered."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client

from apps.core import usage
from apps.versions import services, store
from apps.versions.models import ProcessState, VersionUse
from apps.versions.serving import Follower
from apps.versions.watcher import Watcher
from ml.engine import Engine
from tests.web.candidates import OTHER, OWN, WEIGHTS, content, described, upload
from tests.web.portal import Portal, until
from tests.web.versions.acting import answer, version

pytestmark = pytest.mark.django_db


def test_two_engines_follow_one_database(chief: Client) -> None:
    """As two server processes do, each for itself; one of them cannot load the new network and says so."""
    engines = [Engine(WEIGHTS), Engine(WEIGHTS)]
    followers = [Follower(engine) for engine in engines]
    row = upload(chief, content(OTHER), described(OTHER))
    for follower in followers:
        follower.step()
    services.activate(task="age", version=row, user=None, reason="why")
    hidden = (store.folder() / row.file).rename(store.folder() / "hidden")
    standing = followers[0].step()["age"]
    assert (standing.wanted, standing.serving) == (str(row), OWN)
    assert "missing" in standing.error
    assert str(store.folder()) not in standing.error
    hidden.rename(store.folder() / row.file)
    assert followers[1].step()["age"].serving == str(row)
    assert followers[0].step()["age"] == standing, "not tried again at once"
    assert [engine.active["age"].key for engine in engines] == [OWN, str(row)]
    assert Follower(engines[0]).step()["age"].error == ""
    assert engines[0].active["age"].key == str(row)
    assert engines[0].active["gender"].key == OWN


def test_processes_and_counts_are_noted(chief: Client, web: Client, jpeg: bytes, engine: Engine) -> None:
    usage.take()
    watcher = Watcher(engine, look_seconds=60)
    watcher._look()
    assert {state.serving for state in ProcessState.objects.filter(task="age")} == {OWN}
    services.activate(task="age", version=version(OTHER), user=None, reason="why")
    answer(web, jpeg)
    answer(web, jpeg, version=OTHER)
    watcher._look()
    (state,) = ProcessState.objects.filter(task="age")
    assert (state.process, state.wanted, state.serving) == (watcher.process, OTHER, OTHER)
    used = {row.key: row for row in VersionUse.objects.filter(task="age")}
    assert {key: row.requests for key, row in used.items()} == {OWN: 1, OTHER: 1}
    assert sum(used[OWN].buckets) == 1
    services.roll_back(task="age", user=None, reason="why")
    assert not VersionUse.objects.filter(task="age", key=OWN).exists(), "counted since the activation"
    watcher.stop()
    assert not ProcessState.objects.exists()


def test_the_last_counts_are_written_when_the_server_stops(
    chief: Client, web: Client, jpeg: bytes, engine: Engine
) -> None:
    usage.take()
    answer(web, jpeg)
    Watcher(engine, look_seconds=60).stop()
    assert [row.requests for row in VersionUse.objects.filter(task="age")] == [1]


def test_counts_wait_for_a_database_that_is_locked(
    chief: Client, web: Client, jpeg: bytes, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage.take()
    answer(web, jpeg)
    with monkeypatch.context() as locked:
        locked.setattr(VersionUse.objects, "select_for_update", Mock(side_effect=OperationalError("is locked")))
        Watcher(engine, look_seconds=60)._look()
    assert not VersionUse.objects.exists()
    answer(web, jpeg)
    Watcher(engine, look_seconds=60)._look()
    assert [row.requests for row in VersionUse.objects.filter(task="age")] == [2]


def test_percentiles() -> None:
    assert usage.percentile([0] * usage.BUCKETS, 0.5) is None
    buckets = [0] * usage.BUCKETS
    for ms in [10.0] * 95 + [1000.0] * 5:
        buckets[usage.bucket_of(ms)] += 1
    median, high = usage.percentile(buckets, 0.5), usage.percentile(buckets, 0.96)
    assert median
    assert high
    assert 10 <= median < 12.1
    assert 1000 <= high < 1210
    assert usage.bucket_of(1e9) == usage.BUCKETS - 1
    assert usage.bucket_of(0) == 0


@pytest.mark.slow
def test_two_processes_switch_together_and_start_as_activated(tmp_path: Path) -> None:
    """Two real server processes; then a new start, which must not begin with the shipped version. A lost file is said loudly."""
    portal = Portal(tmp_path, HEXAFACE_WORKERS="2", HEXAFACE_WORKER="false")
    portal.manage("prepare")
    with portal.serving():
        until(lambda: set(serving(portal).values()) == {OWN} and len(serving(portal)) == 2, 30)
        portal.manage("activate_model", "age", OTHER, "--reason", "why")
        until(lambda: set(serving(portal).values()) == {OTHER}, 30)
        assert len(serving(portal)) == 2
    with portal.serving():
        assert portal.age() == OTHER
        portal.manage("activate_model", "age", "--roll-back", "--reason", "why")
        until(lambda: portal.age() == OWN, 30)


def serving(portal: Portal) -> dict[str, str]:
    return portal.rows("select process, serving from versions_processstate where task = 'age'")

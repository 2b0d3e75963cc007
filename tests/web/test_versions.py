"""Model versions from the upload to the answer: checked, activated, followed by every process, rolled back, written down."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.core import usage
from apps.core.engine import get_engine
from apps.versions import forms, services, store
from apps.versions.models import Activation, ActivationEvent, ModelVersion, Origin, ProcessState, State, VersionUse
from apps.versions.serving import Follower
from apps.versions.watcher import Watcher
from ml.engine import Engine
from tests.web.candidates import ADD, OTHER, OWN, WEIGHTS, content, described, send, upload
from tests.web.portal import Portal, until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> None:
    """A store of its own for each test."""
    settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, home=tmp_path)


@pytest.fixture
def chief(admin_client: Client) -> Client:
    call_command("sync_models", verbosity=0)
    admin_client.defaults["HTTP_HOST"] = "localhost"
    return admin_client


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


def version(key: str) -> ModelVersion:
    network, _, number = key.partition(" ")
    return ModelVersion.objects.get(network=network, version=number)


def answer(web: Client, jpeg: bytes, **options: Any) -> dict[str, Any]:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415

    response = web.post("/api/v1/age", {"image": SimpleUploadedFile("a.jpg", jpeg), **options})
    assert response.status_code == 200, response.content
    return dict(response.json())


def key_of(report: dict[str, Any]) -> str:
    return f"{report['model']['network']} {report['model']['version']}"


def click(chief: Client, name: str, *arguments: object, reason: str = "measured better") -> Any:
    address = reverse(f"admin:{name}", args=arguments)
    assert chief.get(address).status_code == 200
    return chief.post(address, {"reason": reason}, follow=True)


def test_upload_activate_answer_roll_back(chief: Client, web: Client, jpeg: bytes, engine: Engine) -> None:
    row = upload(chief, content(OTHER), described(OTHER), name="../../face-1.0.0.tflite")
    assert (row.state, row.reason, row.origin) == (State.AVAILABLE, "", Origin.ADDED)
    assert row.check_report["faces"] > 0
    assert row.file == f"{row.sha256}.tflite"
    assert (store.folder() / row.file).read_bytes() == content(OTHER)
    assert not list(store.folder().glob("incoming-*"))

    shipped = answer(web, jpeg)
    assert key_of(shipped) == OWN
    page = click(chief, "versions_activate", row.pk, "age", reason="closer on our photographs")
    assert f"answered by {row}" in page.content.decode()
    Follower(engine).step()
    assert key_of(answer(web, jpeg)) == "tiny-xception 9.0.0"
    assert key_of(answer(web, jpeg, version=OWN)) == OWN
    assert answer(web, jpeg, version=OTHER)["faces"] == answer(web, jpeg)["faces"]

    assert f"answered by {OWN}" in click(chief, "versions_roll_back", "age").content.decode()
    Follower(engine).step()
    assert answer(web, jpeg)["faces"] == shipped["faces"]
    first, second = ActivationEvent.objects.filter(who__isnull=False).order_by("at")
    assert (first.from_key, first.to_key, first.who_name) == (OWN, str(row), "admin")
    assert (first.why, first.to_sha256) == ("closer on our photographs", row.sha256)
    assert (second.from_key, second.to_key) == (str(row), OWN)


def test_an_added_version_may_be_rounded_to_eight_bits(chief: Client, web: Client, jpeg: bytes, engine: Engine) -> None:
    rows = [
        upload(chief, content(OTHER), described(OTHER, version=number), precision=precision)
        for number, precision in (("9.0.0", ""), ("9.0.1", "int8"))
    ]
    assert [(row.state, row.precision) for row in rows] == [(State.AVAILABLE, "float32"), (State.AVAILABLE, "int8")]
    Follower(engine).step()
    plain, rounded = (answer(web, jpeg, version=row.key)["faces"][0]["result"]["years"] for row in rows)
    assert plain == answer(web, jpeg, version=OTHER)["faces"][0]["result"]["years"]
    assert 0 < abs(plain - rounded) < 3
    assert web.get("/api/v1/models").json()["versions"][-1]["precision"] == "float32"


def test_description_by_fields(chief: Client) -> None:
    fields = {
        "network": "levelled",
        "version": "0.1",
        "licence": "ours",
        "training_data": "none",
        "tasks": ["emotion"],
        "outputs": "emotion",
        "height": "64",
        "width": "64",
        "align": "box",
        "margin": "0.9",
        "colour": "gray",
        "mean": "127.5",
        "scale": "0.00784313725",
        "labels": '{"emotion": ["neutral", "angry", "disgust", "fear", "happy", "sad", "surprise"]}',
        "commercial": "true",
    }
    row = upload(chief, content("mini-xception 1.0.0"), {"name": "levelled", "version": "0.1"}, **fields)
    assert (row.state, row.commercial, row.tasks) == (State.AVAILABLE, True, ["emotion"])
    assert row.input["size"] == [64, 64]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "../evil"}, "Small letters"),
        ({"name": ""}, "Small letters"),
        ({"version": "1 0"}, "Letters, digits"),
        ({"version": "1.0.0"}, "has that version already"),
        ({"licence": ""}, "Say it"),
        ({"training_data": " "}, "not known"),
        ({"tasks": []}, "at least one"),
        ({"tasks": ["detect"]}, "at least one"),
        ({"tasks": [{}]}, "list of names"),
        ({"outputs": []}, "every output"),
        ({"labels": {"emotion": [1]}}, "list of names"),
        ({"input": []}, "input must be an object"),
        ({"title": 3}, "must be text"),
        ({"commercial": "yes"}, "true or false"),
        ({"precision": "int4"}, "One of float32, int8"),
        ({"precision": []}, "One of float32, int8"),
        ({"file": "/etc/passwd"}, "Unknown keys: file"),
    ],
)
def test_wrong_descriptions_are_refused(chief: Client, changes: dict[str, Any], says: str) -> None:
    before = ModelVersion.objects.count()
    response = send(chief, content(OTHER), described(OTHER, **changes))
    assert response.status_code == 200
    assert says in response.content.decode()
    assert ModelVersion.objects.count() == before


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


def test_roll_back_needs_something_to_go_back_to(chief: Client) -> None:
    with pytest.raises(services.Refused, match="no earlier version"):
        services.roll_back(task="age", user=None, reason="why")
    assert (
        "no earlier version"
        in chief.get(reverse("admin:versions_roll_back", args=("age",)), follow=True).content.decode()
    )


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
        "/models/plots/x.svg",
        "/models/plots/..%2F..%2FREADME.md",
        "/models/plots/README.md",
    ],
)
def test_what_is_not_there(chief: Client, web: Client, path: str) -> None:
    assert web.get(path).status_code == 404


def test_command(chief: Client, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("activate_model", "age", OTHER, reason="by hand")
    call_command("activate_model", "age", roll_back=True, reason="back")
    assert re.findall(r"(\S+ \S+) answers age", capsys.readouterr().out) == [OTHER, OWN]
    for arguments in (("age", "face 9"), ("age",), ("age", "mesh 1.0.0")):
        with pytest.raises(CommandError):
            call_command("activate_model", *arguments, reason="why")


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

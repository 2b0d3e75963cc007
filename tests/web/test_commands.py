"""Commands of manage.py."""

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apps.versions.models import Activation, ModelVersion, Origin
from ml import manifest

pytestmark = pytest.mark.django_db


def run(name: str, *args: str, **options: object) -> str:
    out = io.StringIO()
    call_command(name, *args, stdout=out, **options)
    return out.getvalue()


def test_no_migration_is_missing() -> None:
    run("makemigrations", "--check", "--dry-run")


def test_checks_complain_of_nothing_but_https() -> None:
    about_https = {"security.W004", "security.W008", "security.W012", "security.W016"}
    assert {message.id for message in run_checks(include_deployment_checks=True)} <= about_https


def test_administrator_is_created_once() -> None:
    text = run("create_admin")
    password = re.search(r"Password:\s+(\S+)", text)
    assert password
    user = get_user_model().objects.get(username="admin")
    assert user.check_password(password.group(1))
    assert user.is_superuser
    assert run("create_admin") == ""


def test_no_administrator_of_a_name_that_is_taken() -> None:
    get_user_model().objects.create_user("admin")
    with pytest.raises(CommandError, match="Name another"):
        run("create_admin")
    assert "Password" in run("create_admin", "--username", "chief")


def test_weights_are_complete() -> None:
    assert re.search(r"\d+ networks are complete", run("check_weights", verbosity=2))


def test_damaged_weights_are_named(settings: Settings, tmp_path: Path) -> None:
    shutil.copy(settings.HEXAFACE.weights / "manifest.toml", tmp_path)
    specs = manifest.load(tmp_path / "manifest.toml").networks.values()
    for spec in specs:
        shutil.copy(settings.HEXAFACE.weights / spec.file, tmp_path)
    settings.HEXAFACE = replace(settings.HEXAFACE, weights=tmp_path)
    run("check_weights")
    broken = tmp_path / next(iter(specs)).file
    broken.write_bytes(broken.read_bytes()[:-1])
    with pytest.raises(CommandError, match=re.escape(broken.name)):
        run("check_weights")
    broken.unlink()
    with pytest.raises(CommandError, match="missing"):
        run("check_weights")


def test_sync_is_idempotent_and_leaves_other_rows_alone() -> None:
    shipped = manifest.load(settings.HEXAFACE.weights / "manifest.toml")
    assert f"{len(shipped.networks)} added" in run("sync_models")
    assert run("sync_models") == ""
    assert {row.task: str(row.version) for row in Activation.objects.all()} == dict(shipped.active)

    own = ModelVersion.objects.create(network="own", version="9", sha256="0" * 64, file="own.tflite", licence="mine")
    tampered = ModelVersion.objects.exclude(pk=own.pk).first()
    assert tampered
    ModelVersion.objects.filter(pk=tampered.pk).update(licence="changed by hand")
    chosen = Activation.objects.first()
    assert chosen
    admin = get_user_model().objects.create_superuser("chief")
    Activation.objects.filter(pk=chosen.pk).update(version=own, changed_by=admin, chosen=True)

    assert "1 changed" in run("sync_models")
    own.refresh_from_db()
    tampered.refresh_from_db()
    chosen.refresh_from_db()
    assert (own.licence, own.origin) == ("mine", Origin.ADDED)
    assert tampered.licence != "changed by hand"
    assert chosen.version == own

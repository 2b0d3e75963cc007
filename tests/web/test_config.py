"""Settings from the environment."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from hexaface.config import Config, ConfigError, settings_table
from hexaface.secret import read_or_create


def test_defaults_are_safe() -> None:
    config = Config.from_environ({})
    assert not config.debug
    assert config.host == "127.0.0.1"
    assert set(config.allowed_hosts) == {"localhost", "127.0.0.1", "[::1]"}
    assert (config.max_upload_bytes, config.max_pixels) == (20_000_000, 50_000_000)
    assert config.workers == 1


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("HEXAFACE_DEBUG", "true", "debug", True),
        ("HEXAFACE_DEBUG", "Off", "debug", False),
        ("HEXAFACE_DEBUG", "", "debug", False),
        ("PORT", "9000", "port", 9000),
        ("HEXAFACE_MAX_UPLOAD_MB", "2.5", "max_upload_mb", 2.5),
        ("HEXAFACE_ALLOWED_HOSTS", "a.example, b.example,", "allowed_hosts", ("a.example", "b.example")),
        ("HEXAFACE_RUNTIME", "keras", "runtime", "keras"),
        ("HEXAFACE_LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("HEXAFACE_HOME", "/srv/../srv/face", "home", Path("/srv/face")),
        ("DATABASE_URL", "postgres://u:p@h/d", "database_url", "postgres://u:p@h/d"),
    ],
)
def test_values(name: str, text: str, field: str, value: Any) -> None:
    assert getattr(Config.from_environ({name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HEXAFACE_DEBUG", "maybe"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("HEXAFACE_CONCURRENCY", "0"),
        ("HEXAFACE_QUEUE", "-1"),
        ("HEXAFACE_MAX_MEGAPIXELS", "nan"),
        ("HEXAFACE_RUNTIME", "onnx"),
        ("HEXAFACE_LOG_LEVEL", "loud"),
        ("PORT", "70000"),
        ("HEXAFACE_QUEUE_SECONDS", "inf"),
        ("HEXAFACE_QUEUE_SECONDS", "1e10"),
        ("HEXAFACE_MAX_UPLOAD_MB", "inf"),
    ],
)
def test_slips_are_named(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_environ({name: text})


def test_table_says_everything() -> None:
    table = settings_table()
    assert len({row.env for row in table}) == len(table) > 15
    assert all(row.help.endswith(".") and row.type for row in table)


def test_misspelt_setting_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEXAFACE_CONCURENCY", "4")
    (warning,) = [message for message in run_checks() if message.id == "hexaface.W001"]
    assert "HEXAFACE_CONCURENCY" in warning.msg
    assert "HEXAFACE_CONCURRENCY" in str(warning.hint)


def test_secret_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret_key"
    key = read_or_create(path)
    assert read_or_create(path) == key
    assert len(key) > 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret_key"]


def test_an_empty_secret_key_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.touch()
    with pytest.raises(ConfigError, match="is empty"):
        read_or_create(path)

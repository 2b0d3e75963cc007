"""Every setting of the portal in one place: its environment variable, type, default and meaning.

`Config.from_environ` reads them; docs and checks read `settings_table`. Nothing else in the project looks at the environment.
"""

import math
import os
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, Self

Runtime = Literal["litert", "keras"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
TaskQueue = Literal["database", "celery", "immediate"]

BASE_DIR: Final = Path(__file__).resolve().parent.parent
PREFIX: Final = "HEXAFACE_"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


class ConfigError(ValueError):
    """A setting in the environment makes no sense; the message names it and says what is expected."""


def _option(
    help_text: str, default: Any, *, env: str = "", low: float = -math.inf, high: float = math.inf, shown: str = ""
) -> Any:
    """Declare a setting; `default` may be a function, `shown` is the default as docs print it."""
    meta = {"help": help_text, "env": env, "low": low, "high": high, "shown": shown}
    return field(default_factory=default, metadata=meta) if callable(default) else field(default=default, metadata=meta)


def _default_home() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "hexaface"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings as read from the environment."""

    home: Path = _option(
        "Folder for the database, the secret key and collected static files.",
        _default_home,
        shown="~/.local/share/hexaface (XDG_DATA_HOME is respected)",
    )
    host: str = _option("Address to listen on; 0.0.0.0 for all.", "127.0.0.1")
    port: int = _option("Port to listen on.", 8000, env="PORT", low=1, high=65_535)
    allowed_hosts: tuple[str, ...] = _option(
        "Host names under which the portal may be reached, separated by commas.", ("localhost", "127.0.0.1", "[::1]")
    )
    trusted_origins: tuple[str, ...] = _option(
        "Origins (https://portal.example) from which forms may be sent, separated by commas; needed behind some proxies.",
        (),
    )
    https: bool = _option(
        "The portal is reached over HTTPS only: secure cookies, HSTS, redirects from HTTP.", default=False
    )
    behind_proxy: bool = _option(
        "A proxy in front sets X-Forwarded-Proto; set it only if the proxy removes that header from clients.",
        default=False,
    )
    debug: bool = _option("Django's debug pages, for development only.", default=False)
    secret_key: str = _option(
        "Key that signs sessions.", "", shown="made on first start and kept in HEXAFACE_HOME with mode 0600"
    )
    database_url: str = _option(
        "Database as a URL, for example postgres://user:password@host/name.",
        "",
        env="DATABASE_URL",
        shown="SQLite in HEXAFACE_HOME",
    )
    weights: Path = _option(
        "Folder with manifest.toml and the networks.", lambda: BASE_DIR / "weights", shown="weights/ of the checkout"
    )
    runtime: Runtime = _option(
        "litert: the exported networks (fast, small). keras: the same networks in TensorFlow, as the reference; "
        "needs requirements-train.txt.",
        "litert",
    )
    engine_threads: int = _option(
        "Threads over which the faces of one photograph are spread.", _cores, low=1, shown="number of cores"
    )
    # One more than cores: while two wait for Python's lock, the third has a core.
    concurrency: int = _option(
        "Photographs analysed at the same time.", lambda: _cores() + 1, low=1, shown="number of cores and one"
    )
    queue: int = _option("Requests that may wait for their turn; the next one is answered 429.", 16, low=0)
    queue_seconds: float = _option(
        "Seconds a request may wait for its turn before it is answered 429.", 10.0, low=0, high=3600
    )
    max_upload_mb: float = _option("Largest photograph in megabytes (10^6 bytes).", 20.0, low=0.001)
    max_megapixels: float = _option("Largest photograph in megapixels.", 50.0, low=0.001)
    workers: int = _option("Server processes; each loads its own networks.", 1, low=1)
    tasks: TaskQueue = _option(
        "Where background jobs wait: in the database; in Redis for Celery (needs requirements-celery.txt); "
        "immediate runs them inside the request.",
        "database",
    )
    worker: bool = _option(
        "Start the worker of the database queue together with the server; off where you run it yourself.", default=True
    )
    redis_url: str = _option("Redis for HEXAFACE_TASKS=celery.", "redis://127.0.0.1:6379/0")
    max_set_mb: float = _option("Largest evaluation set in megabytes, packed as well as unpacked.", 200.0, low=0.001)
    data: str = _option(
        "Folder with data sets as docs/training.md describes them; their validation parts are offered for comparisons.",
        "",
    )
    max_model_mb: float = _option("Largest network file that an administrator may add, in megabytes.", 200.0, low=0.001)
    check_seconds: float = _option("Seconds that the check of an added network may take.", 120.0, low=1, high=86_400)
    log_level: LogLevel = _option("What is logged.", "INFO")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read all settings.

        Raises:
            ConfigError: a value does not fit its setting.
        """
        given = {
            setting.field: setting.parse(environ[setting.env])
            for setting in settings_table()
            if environ.get(setting.env, "")
        }
        return cls(**given)

    @staticmethod
    def names() -> list[str]:
        """Environment variables of all settings."""
        return [setting.env for setting in settings_table()]

    @classmethod
    def unknown_names(cls, environ: Mapping[str, str]) -> list[str]:
        """HEXAFACE_ variables that no setting reads: most often a slip of the pen."""
        return sorted(name for name in environ if name.startswith(PREFIX) and name not in cls.names())

    @property
    def data_folder(self) -> Path | None:
        """The folder of the data sets, if there is one."""
        return Path(self.data).expanduser().resolve() if self.data else None

    @property
    def max_upload_bytes(self) -> int:
        """Largest photograph in bytes."""
        return int(self.max_upload_mb * 1e6)

    @property
    def max_pixels(self) -> int:
        """Largest photograph in pixels."""
        return int(self.max_megapixels * 1e6)

    @property
    def max_set_bytes(self) -> int:
        """Largest evaluation set in bytes."""
        return int(self.max_set_mb * 1e6)

    @property
    def max_model_bytes(self) -> int:
        """Largest network file in bytes."""
        return int(self.max_model_mb * 1e6)

    @property
    def max_body_bytes(self) -> int:
        """Largest request: two photographs as base64 and some room for options."""
        return 2 * (self.max_upload_bytes * 4 // 3 + 4) + 1_000_000


@dataclass(frozen=True)
class Setting:
    """One row of the settings table."""

    field: str
    env: str
    type: str
    default: str
    help: str
    parse: Callable[[str], Any]


def settings_table() -> list[Setting]:
    """All settings in the order in which docs list them."""
    hints = typing.get_type_hints(Config)
    table = []
    for entry in fields(Config):
        env = entry.metadata["env"] or PREFIX + entry.name.upper()
        kind = hints[entry.name]
        shown = entry.metadata["shown"] or _show(entry.default)
        parse = _parser(env, kind, entry.metadata["low"], entry.metadata["high"])
        table.append(Setting(entry.name, env, _type_name(kind), shown, entry.metadata["help"], parse))
    return table


def _show(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)


def _type_name(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return " or ".join(typing.get_args(kind))
    names = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "folder"}
    return names.get(kind, "list")


def _parser(env: str, kind: Any, low: float, high: float) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            value = _convert(kind, text.strip())
        except ValueError as error:
            raise ConfigError(f"{env}={text!r}: expected {_type_name(kind)}") from error
        if kind in {int, float} and not low <= value <= high:
            most = f" and at most {high:g}" if high < math.inf else ""
            raise ConfigError(f"{env}={text!r}: must be at least {low:g}{most}")
        return value

    return parse


def _convert(kind: Any, text: str) -> Any:
    if kind is bool:
        return _to_bool(text)
    if kind is float:
        return _to_finite(text)
    if kind in {int, str}:
        return kind(text)
    if kind is Path:
        return Path(text).expanduser().resolve()
    if typing.get_origin(kind) is Literal:
        return _to_choice(text, typing.get_args(kind))
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _to_bool(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


def _to_finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _to_choice(text: str, choices: tuple[str, ...]) -> str:
    found = {choice.lower(): choice for choice in choices}.get(text.lower())
    if found is None:
        raise ValueError(text)
    return found

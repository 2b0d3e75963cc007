"""The secret key that is made once and kept outside the repository."""

import contextlib
import os
import secrets
from pathlib import Path

from hexaface.config import ConfigError


def read_or_create(path: Path) -> str:
    """The key in `path`; made with mode 0600 when missing. Two processes that start at once agree on one key.

    Raises ConfigError when the file is empty.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    key = path.read_text("ascii").strip()
    if not key:
        raise ConfigError(f"{path} is empty; remove it, and a new key is made (everyone is logged out then)")
    return key


def _create(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # another process was first: its key is used
            os.link(draft, path)
    finally:
        draft.unlink()

"""The secret key that is made once and kept outside the repository."""

import os
import secrets
from pathlib import Path


def read_or_create(path: Path) -> str:
    """The key in `path`; made with mode 0600 when missing. Two processes that start at once agree on one key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # fails when another process was first: its key is used
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text("ascii").strip()

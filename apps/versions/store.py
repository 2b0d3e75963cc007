"""Files of added versions: HEXAFACE_HOME/models/<sha256>.tflite (or .keras until it is converted). No name comes from a client."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

LITERT: Final = ".tflite"
KERAS: Final = ".keras"
_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True)
class Stored:
    """A file in the store."""

    name: str
    sha256: str
    size_bytes: int


def folder() -> Path:
    """Where the files lie; made when first asked for, for our eyes only."""
    path = Path(settings.HEXAFACE.home) / "models"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def keep(chunks: Iterable[bytes]) -> Stored:
    """Write a file under its hash: whole or not at all. What looks like a zip archive is taken for a Keras file."""
    temporary = folder() / f"incoming-{secrets.token_hex(16)}"
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with temporary.open("xb") as stream:
            for chunk in chunks:
                head = head or chunk[:4]
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        name = digest.hexdigest() + (KERAS if head == _ZIP else LITERT)
        temporary.replace(folder() / name)
    finally:
        temporary.unlink(missing_ok=True)
    return Stored(name, digest.hexdigest(), size)


def path_of(name: str) -> Path:
    """The file of that name."""
    return folder() / Path(name).name


def drop(name: str) -> None:
    """Remove a file; it may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        path_of(name).unlink()

"""Sample photographs that ship with the portal (public domain), for people who have none at hand."""

from pathlib import Path

from django.conf import settings

from ml.errors import InvalidRequest


def names() -> list[str]:
    """File names without the ending."""
    return sorted(path.stem for path in _folder().glob("*.jpg"))


def read(name: str) -> bytes:
    """The bytes of a shipped photograph; the name is looked up in the list, never used as a path."""
    found = {path.stem: path for path in _folder().glob("*.jpg")}
    if name not in found:
        raise InvalidRequest(f"There is no sample photograph {name!r}.", {"samples": sorted(found)})
    return found[name].read_bytes()


def _folder() -> Path:
    return Path(settings.SAMPLES_DIR)

"""Everything that must be in place before the server starts; quick when it already is."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

FINGERPRINT = ".fingerprint"


class Command(BaseCommand):
    """One process instead of five."""

    help = "Check the weights, migrate, sync model versions, collect static files, create the first administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        verbosity = options["verbosity"]
        call_command("check_weights", verbosity=verbosity)
        call_command("migrate", interactive=False, verbosity=max(0, verbosity - 1))
        call_command("sync_models", verbosity=verbosity)
        _collect_static()
        call_command("create_admin", verbosity=verbosity)


def _collect_static() -> None:
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    stamp, wanted = root / FINGERPRINT, _fingerprint()
    if stamp.exists() and stamp.read_text("ascii") == wanted:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(wanted, "ascii")


def _fingerprint() -> str:
    """Changes when any static file does: names, sizes and times of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()

"""Check that every network of the manifest is there and undamaged."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ml import manifest
from ml.errors import NotReady


class Command(BaseCommand):
    """Reads the files, loads nothing."""

    help = "Compare every file of weights/manifest.toml with its sha256."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        weights = settings.HEXAFACE.weights
        try:
            shipped = manifest.load(weights / "manifest.toml")
            for spec in shipped.networks.values():
                manifest.verified(weights / spec.file, spec.sha256)
                if spec.keras and settings.HEXAFACE.runtime == "keras":
                    manifest.verified(weights / spec.keras, spec.keras_sha256)
        except NotReady as error:
            raise CommandError(error.message) from error
        if options["verbosity"] > 1:
            self.stdout.write(f"{len(shipped.networks)} networks are complete, for {len(shipped.active)} tasks.")

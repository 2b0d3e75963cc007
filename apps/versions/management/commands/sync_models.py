"""Bring the rows of shipped model versions in step with weights/manifest.toml."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.versions.shipped import sync_from_manifest
from ml.errors import FaceError


class Command(BaseCommand):
    """Safe to run at every start."""

    help = "Read weights/manifest.toml into the database; rows that an administrator added stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            result = sync_from_manifest(weights=settings.HEXAFACE.weights)
        except FaceError as error:
            raise CommandError(error.message) from error
        if options["verbosity"] > 1 or result.added or result.changed or result.gone:
            self.stdout.write(
                f"Model versions: {result.added} added, {result.changed} changed, {result.gone} no longer shipped, "
                f"{result.kept} kept."
            )

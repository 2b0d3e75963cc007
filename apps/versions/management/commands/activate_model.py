"""Activate a model version, or roll a task back, without a browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.versions import services
from apps.versions.models import ModelVersion


class Command(BaseCommand):
    """Server processes follow as they do after a click."""

    help = 'Let a version answer a task: activate_model age "face 1.9.0-int8" --reason "…"; or undo the last change with --roll-back.'

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("task")
        parser.add_argument("version", nargs="?", help='"network version"')
        parser.add_argument("--roll-back", action="store_true")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        task, reason = options["task"], options["reason"]
        try:
            if options["roll_back"]:
                event = services.roll_back(task=task, user=None, reason=reason)
            else:
                event = services.activate(task=task, version=_found(options["version"]), user=None, reason=reason)
        except services.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{event.to_key} answers {task}, after {event.from_key or 'nothing'}.")


def _found(key: str | None) -> ModelVersion:
    network, _, version = (key or "").partition(" ")
    row = ModelVersion.objects.filter(network=network, version=version).first()
    if row is None:
        raise CommandError(f"There is no version {key!r}.")
    return row

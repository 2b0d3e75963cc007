"""Work off the database queue."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.jobs import worker

LOCK = "worker.lock"


class Command(BaseCommand):
    """`make run` starts one beside the server; this command starts one by hand."""

    help = (
        "Run background jobs from the database queue. There is one worker per HEXAFACE_HOME; a second one ends at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--batch", action="store_true", help="End when no job waits.")
        parser.add_argument("--parent", type=int, help="End when this parent process does.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if settings.HEXAFACE.tasks != "database":
            raise CommandError(f"HEXAFACE_TASKS={settings.HEXAFACE.tasks}: the jobs are not in the database queue.")
        if options["parent"]:
            worker.end_with(options["parent"])
        with worker.only_one(settings.HEXAFACE.home / LOCK) as alone:
            if alone:
                worker.work(batch=options["batch"])
            elif options["verbosity"] > 1:
                self.stdout.write("There is a worker already.")

"""See whether a worker takes jobs."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.jobs import services
from apps.jobs.models import State


class Command(BaseCommand):
    """Whatever queue is configured: a small job goes through it and back."""

    help = "Send a job that only waits and tell what became of it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--seconds", type=float, default=0.2, help="How long the job takes.")
        parser.add_argument("--timeout", type=float, default=30.0, help="How long to wait for its end.")
        parser.add_argument("--no-wait", action="store_true", help="Only send it; print its number.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        job = services.start(kind="wait", arguments={"seconds": options["seconds"]})
        if options["no_wait"]:
            self.stdout.write(str(job.pk))
            return
        deadline = time.monotonic() + options["timeout"]
        while time.monotonic() < deadline and not job.is_over:
            time.sleep(0.1)
            job.refresh_from_db()
        if job.state != State.DONE:
            raise CommandError(f"Job {job.pk} is {job.get_state_display()}. {job.message}".strip())
        self.stdout.write(f"A worker ({job.worker}) took job {job.pk} and finished it.")

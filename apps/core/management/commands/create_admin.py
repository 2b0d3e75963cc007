"""Create the first administrator, once."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """The password is printed once and kept only as a hash."""

    help = "Create an administrator with a random password, unless there is one already."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--username", default="admin")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        users = get_user_model()
        if users.objects.filter(is_superuser=True).exists():
            if options["verbosity"] > 1:
                self.stdout.write("There is an administrator already.")
            return
        if users.objects.filter(username=options["username"]).exists():
            raise CommandError(
                f"There is no administrator, and {options['username']!r} is an account without the rights of one. "
                "Name another: .venv/bin/python manage.py create_admin --username NAME"
            )
        password = secrets.token_urlsafe(12)
        users.objects.create_superuser(options["username"], password=password)
        name = options["username"]
        self.stdout.write(
            f"\n  Administrator: {name}\n  Password:      {password}\n"
            f"  This password is shown only now; .venv/bin/python manage.py changepassword {name} sets another.\n"
        )

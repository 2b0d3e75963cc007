"""App configuration."""

from django.apps import AppConfig


class AgeConfig(AppConfig):
    """The age task."""

    name = "apps.age"
    label = "age"

"""App configuration."""

from django.apps import AppConfig


class GenderConfig(AppConfig):
    """The gender task."""

    name = "apps.gender"
    label = "gender"

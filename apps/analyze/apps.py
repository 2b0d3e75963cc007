"""App configuration."""

from django.apps import AppConfig


class AnalyzeConfig(AppConfig):
    """The analyze task."""

    name = "apps.analyze"
    label = "analyze"

"""App configuration."""

from django.apps import AppConfig


class SynthesisConfig(AppConfig):
    """The synthesis task."""

    name = "apps.synthesis"
    label = "synthesis"

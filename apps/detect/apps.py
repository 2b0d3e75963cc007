"""App configuration."""

from django.apps import AppConfig


class DetectConfig(AppConfig):
    """The detect task."""

    name = "apps.detect"
    label = "detect"

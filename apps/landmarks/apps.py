"""App configuration."""

from django.apps import AppConfig


class LandmarksConfig(AppConfig):
    """The landmarks task."""

    name = "apps.landmarks"
    label = "landmarks"

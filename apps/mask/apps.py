"""App configuration."""

from django.apps import AppConfig


class MaskConfig(AppConfig):
    """The mask task."""

    name = "apps.mask"
    label = "mask"

"""App configuration."""

from django.apps import AppConfig


class VerifyConfig(AppConfig):
    """The verify task."""

    name = "apps.verify"
    label = "verify"

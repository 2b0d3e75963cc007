"""App configuration."""

from django.apps import AppConfig


class VersionsConfig(AppConfig):
    """Model versions in the database."""

    name = "apps.versions"
    label = "versions"
    verbose_name = "Models"

"""App configuration."""

from django.apps import AppConfig


class AttributesConfig(AppConfig):
    """The attributes task."""

    name = "apps.attributes"
    label = "attributes"

"""App configuration."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Nothing is loaded here: commands and tests must start without networks."""

    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        """Register the checks of the settings."""
        from apps.core import checks  # noqa: F401, PLC0415 (registers itself on import)

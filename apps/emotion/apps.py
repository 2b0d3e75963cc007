"""App configuration."""

from django.apps import AppConfig


class EmotionConfig(AppConfig):
    """The emotion task."""

    name = "apps.emotion"
    label = "emotion"

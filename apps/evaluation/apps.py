"""App configuration."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """Comparing model versions."""

    name = "apps.evaluation"
    label = "evaluation"
    verbose_name = "Evaluation"

"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_delete


class EvaluationConfig(AppConfig):
    """Comparing model versions."""

    name = "apps.evaluation"
    label = "evaluation"
    verbose_name = "Evaluation"

    def ready(self) -> None:
        """Candidates in shadow mode look at answers; photographs go with their set. Nothing is loaded here."""
        from apps.core import observers  # noqa: PLC0415
        from apps.evaluation import sets  # noqa: PLC0415
        from apps.evaluation.models import EvaluationSet  # noqa: PLC0415
        from apps.evaluation.shadowing import shadows  # noqa: PLC0415

        observers.register(shadows.see)
        post_delete.connect(sets.remove_files, sender=EvaluationSet)

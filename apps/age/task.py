"""Apparent age."""

from apps.core.options import FaceOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="age",
    title="Estimate age",
    summary="Estimates how old each person looks, with a range.",
    action="Estimate age",
    icon="age",
    kind="face",
    options=FaceOptions,
    order=30,
)

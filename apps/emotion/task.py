"""Facial expression."""

from apps.core.options import EmotionOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="emotion",
    title="Read expressions",
    summary="Reads the expression of each face: seven emotions with their shares.",
    action="Read expressions",
    icon="emotion",
    kind="face",
    options=EmotionOptions,
    order=50,
)

"""Apparent gender."""

from apps.core.options import FaceOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="gender",
    title="Recognise gender",
    summary="Says whether each face looks female or male, and how sure that is.",
    action="Recognise gender",
    icon="gender",
    kind="face",
    options=FaceOptions,
    order=40,
)

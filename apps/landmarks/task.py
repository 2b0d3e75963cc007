"""Facial landmarks."""

from apps.core.options import LandmarkOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="landmarks",
    title="Place landmarks",
    summary="Places points on eyes, brows, nose, mouth and jaw: from 5 to 468 of them.",
    action="Place landmarks",
    icon="landmarks",
    kind="face",
    options=LandmarkOptions,
    order=60,
)

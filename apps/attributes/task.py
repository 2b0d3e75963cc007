"""Forty facial attributes."""

from apps.core.options import FaceOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="attributes",
    title="Describe faces",
    summary="Describes each face by forty attributes such as glasses, hair and smile.",
    action="Describe faces",
    icon="attributes",
    kind="face",
    options=FaceOptions,
    order=80,
)

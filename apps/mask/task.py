"""Face masks."""

from apps.core.options import FaceOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="mask",
    title="Check for masks",
    summary="Tells whether each person wears a face mask.",
    action="Check for masks",
    icon="mask",
    kind="face",
    options=FaceOptions,
    order=90,
)

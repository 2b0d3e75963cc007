"""Detection of faces with five points."""

from apps.core.options import DetectionOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="detect",
    title="Detect faces",
    summary="Finds every face in a photograph and marks eyes, nose and mouth.",
    action="Find faces",
    icon="detect",
    kind="face",
    options=DetectionOptions,
    order=10,
)

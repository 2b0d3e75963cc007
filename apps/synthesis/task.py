"""Generated faces."""

from apps.core.options import SynthesisOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="synthesis",
    title="Make new faces",
    summary="Draws faces of people who do not exist.",
    action="Make faces",
    icon="synthesis",
    kind="synthesis",
    options=SynthesisOptions,
    order=70,
)

"""Any set of tasks in one pass."""

from apps.core.options import AnalyzeOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="analyze",
    title="Analyse everything",
    summary="Runs any set of tasks on one photograph in one pass.",
    action="Analyse",
    icon="analyze",
    kind="analyze",
    options=AnalyzeOptions,
    order=100,
)

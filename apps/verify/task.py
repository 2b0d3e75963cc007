"""Are two faces one person's?"""

from apps.core.options import VerifyOptions
from apps.core.registry import TaskPage

TASK = TaskPage(
    slug="verify",
    title="Compare two faces",
    summary="Tells whether two photographs show the same person, and how sure that is.",
    action="Compare",
    icon="verify",
    kind="verify",
    options=VerifyOptions,
    order=20,
)

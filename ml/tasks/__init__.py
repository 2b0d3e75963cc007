"""The tasks that answer a question about one face, in the order of the pages."""

from typing import Any, Final

from ml.tasks.age import AGE
from ml.tasks.attributes import ATTRIBUTES
from ml.tasks.base import Task
from ml.tasks.emotion import EMOTION
from ml.tasks.gender import GENDER
from ml.tasks.landmarks import LANDMARKS
from ml.tasks.mask import MASK

_TASKS: Final[tuple[Task[Any], ...]] = (AGE, GENDER, EMOTION, LANDMARKS, ATTRIBUTES, MASK)

FACE_TASKS: Final[dict[str, Task[Any]]] = {task.name: task for task in _TASKS}
"""Tasks that run a network on each face, by name. Detection comes before them, verification and synthesis beside them."""

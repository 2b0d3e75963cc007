"""The tasks of the portal. Each installed app with a `task` module brings one `TaskPage` named TASK."""

import functools
import importlib
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from apps.core.engine import active_model
from apps.core.options import Options

Kind = Literal["face", "verify", "synthesis", "analyze"]

IMAGE_FIELDS: Final[dict[Kind, tuple[str, ...]]] = {
    "face": ("image",),
    "verify": ("image1", "image2"),
    "synthesis": (),
    "analyze": ("image",),
}


@dataclass(frozen=True, kw_only=True)
class TaskPage:
    """One task as people and programs see it: a page, an endpoint, options.

    `summary` is one plain sentence, `action` the text of the button, `icon` the name of a symbol, `order` the place on the home page.
    """

    slug: str
    title: str
    summary: str
    action: str
    icon: str
    kind: Kind
    options: type[Options]
    order: int

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the photographs the task reads."""
        return IMAGE_FIELDS[self.kind]

    @property
    def result_template(self) -> str:
        """Template of the result panel."""
        return f"{self.slug}/result.html"

    @property
    def model(self) -> dict[str, Any] | None:
        """Network, version, licence and metrics that answer this task now; None for analyze, which asks several."""
        return active_model(self.slug)


@functools.cache
def tasks() -> tuple[TaskPage, ...]:
    """All tasks in page order."""
    found: list[TaskPage] = [
        importlib.import_module(f"{config.name}.task").TASK
        for config in apps.get_app_configs()
        if config.name.startswith("apps.") and config.module is not None and module_has_submodule(config.module, "task")
    ]
    return tuple(sorted(found, key=lambda task: task.order))


def find(slug: str) -> TaskPage | None:
    """The task of that slug."""
    return next((task for task in tasks() if task.slug == slug), None)

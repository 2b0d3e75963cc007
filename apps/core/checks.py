"""System checks: slips in the environment that would otherwise be ignored in silence."""

import difflib
import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004


@register()
def check_environment(app_configs: Sequence[Any] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001 (Django's signature)
    """Warn of HEXAFACE_ variables that no setting reads."""
    names: Sequence[str] = settings.HEXAFACE.unknown_names(os.environ)
    return [_warning(name) for name in names]


def _warning(name: str) -> CheckMessage:
    near = difflib.get_close_matches(name, settings.HEXAFACE.names(), n=1)
    hint = f"Did you mean {near[0]}?" if near else "See the table of settings in docs/operating.md."
    return Warning(f"The environment variable {name} is not a setting of HexaFace.", hint=hint, id="hexaface.W001")

"""The tables of the sections that are not about peers."""

from collections.abc import Mapping
from typing import Any


def server_tables(sections: Mapping[str, Any]) -> str:
    """Markdown of what was measured of the server, of growth and of the limit; empty when nothing was."""
    return ""

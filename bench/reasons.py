"""Why a peer is ahead in a row: from the measured recall where there is one, else in words."""

from collections.abc import Mapping
from typing import Any, Final

Result = Mapping[str, Any]
WORDS: Final[Mapping[tuple[str, str], str]] = {}
"""(kind of row, peer) -> why it is ahead."""


def reason(kind: str, best: str, result: Result) -> str:
    """Why `best` is ahead of HexaFace in a row of this kind; empty when there is nothing to say."""
    words = WORDS.get((kind, best.partition("/")[0]), "")
    recall = _recall(best, result) if kind in {"detect", "folder"} else ""
    return "; ".join(part for part in (words, recall) if part)


def _recall(best: str, result: Result) -> str:
    """Recall of both on labelled photographs, per source."""
    detectors = result.get("accuracy", {}).get("detectors", {})
    ours, theirs = detectors.get("hexaface", {}), detectors.get(best, {})
    said = [
        f"{theirs[source]['recall']:.2f} to {ours[source]['recall']:.2f} ({source})"
        for source in result.get("accuracy", {}).get("photographs", {})
        if source in ours and source in theirs
    ]
    return f"its recall to ours: {', '.join(said)}" if said else ""

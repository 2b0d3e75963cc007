"""Why a peer is ahead in a row: from the measured recall where there is one, else in words."""

from collections.abc import Mapping
from typing import Any, Final

Result = Mapping[str, Any]
_SHRINKS: Final = "it sees every photograph at 192x192 or 128x128 pixels, so small faces are lost"
_LOADS: Final = "it loads one detector, HexaFace the networks of all its tasks"
WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("detect", "mediapipe"): _SHRINKS,
    ("folder", "mediapipe"): _SHRINKS,
    ("landmarks", "mediapipe"): f"{_SHRINKS}; and it looks at a face once, HexaFace twice",
    ("ready_ms", "haar"): _LOADS,
    ("ready_ms", "mediapipe"): _LOADS,
    ("memory_mb", "haar"): _LOADS,
    ("memory_mb", "mediapipe"): _LOADS,
}
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

"""Verification on AT&T: every pair, and lists of as many pairs as the report drew."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.runtime import Network, Networks
from ml.training.evaluate import served
from ml.training.evaluate.images import of_folder
from ml.training.evaluate.points import figure
from ml.training.faces import read_labels
from ml.training.pairs import Gallery, embed_all
from ml.training.verification import DEFAULT_RATE
from ml.types import F32

DRAWN: Final = 240
DRAWS: Final = 1000
Bools = npt.NDArray[np.bool_]


def att(network: Network, data: Path, networks: Networks, work: Path, *, default: float, best: float) -> dict[str, Any]:
    """AT&T: every pair, and lists of DRAWN pairs."""
    rows = read_labels(data / "att")
    with of_folder(data / "att", [row["file"] for row in rows]) as images:
        gallery = embed_all(network, images, served.find(images, networks, work, "front"), work)
    scores, same, complete = all_pairs(gallery, [row["subject"] for row in rows])
    own = float(
        np.nextafter(
            np.float32(np.quantile(scores[~same & complete], 1 - DEFAULT_RATE, method="higher")), np.float32(2)
        )
    )

    def share(threshold: float, chosen: Any) -> dict[str, float | int]:
        return pairs((((scores >= threshold) == same) & complete)[chosen])

    return {
        "true_match_rate": share(own, same) | {"threshold": round(own, 4)},
        "true_match_rate_at_default": share(default, same),
        "false_match_rate_at_default": float(f"{(scores[~same & complete] >= default).mean():.3g}"),
        "accuracy_240": balanced(scores, same, complete, best),
        "accuracy_240_at_default": balanced(scores, same, complete, default),
        "different_pairs": int((~same).sum()),
        "images_without_a_face": int((~gallery.found).sum()),
    }


def balanced(scores: F32, same: Bools, complete: Bools, threshold: float) -> dict[str, float | int]:
    """Accuracy on lists of DRAWN pairs, half of them one person's: the mean over DRAWS lists, and where 95 % of these lie."""
    right = ((scores >= threshold) == same) & complete
    rng = np.random.default_rng(0)
    counts = [(int(right[same == kind].sum()), int((~right[same == kind]).sum())) for kind in (True, False)]
    drawn = sum(rng.hypergeometric(good, bad, DRAWN // 2, DRAWS) for good, bad in counts) / DRAWN
    low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
    figures = {"value": float(np.mean(drawn)), "low": low, "high": high, "threshold": threshold}
    return {name: round(value, 4) for name, value in figures.items()} | {"pairs": DRAWN, "lists": DRAWS}


def all_pairs(gallery: Gallery, people: Sequence[str]) -> tuple[F32, Bools, Bools]:
    """(scores, one person's, both have a face) of every pair."""
    upper = np.triu_indices(len(people), 1)
    identity = np.unique(np.asarray(people), return_inverse=True)[1]
    scores = (gallery.embeddings @ gallery.embeddings.T)[upper].astype(np.float32)
    return scores, identity[upper[0]] == identity[upper[1]], gallery.found[upper[0]] & gallery.found[upper[1]]


def pairs(right: Any) -> dict[str, float | int]:
    """Share with its interval over pairs."""
    found = figure(np.asarray(right, np.float64))
    return {name: found[name] for name in ("value", "low", "high")} | {"pairs": len(right)}

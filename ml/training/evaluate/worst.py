"""The images on which a network does worst, by file name; the images themselves are never kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

COUNT: Final = 24


def worst(files: Sequence[str], places: Any, badness: Any, words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The COUNT images of greatest badness (n,): {"file", and each of `words` (n,)}; `places` (n,) are the images' numbers."""
    order = np.argsort(-np.asarray(badness, np.float64), kind="stable")[:COUNT]
    return [
        {"file": files[int(places[place])]} | {name: plain(values[place]) for name, values in words.items()}
        for place in order.tolist()
    ]


def plain(value: Any) -> Any:
    """A numpy value as text, a whole number, or a number of four places."""
    if isinstance(value, np.floating | float):
        return round(float(value), 4)
    return int(value) if isinstance(value, np.integer) else str(value)

"""Figures of generated faces: how many of them the portal's detector takes for a face, and how much they differ."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ml import generation
from ml.finding import DetectOptions, Finder
from ml.photo import Photo
from ml.runtime import Network, Networks
from ml.training.evaluate.points import figure

SAMPLES: Final = 512
SEED: Final = 1


def report(network: Network, networks: Networks) -> dict[str, Any]:
    """SAMPLES faces from SEED: share in which a face is found, and the spread of their pixels around the mean face, 0..255."""
    images = generation.generate(network, generation.latents(SAMPLES, SEED, 1.0))
    finder = Finder(networks)
    found = [bool(finder.find(Photo(image), DetectOptions()).faces) for image in images]
    spread = np.sqrt(((images.astype(np.float64) - images.mean(0)) ** 2).mean((1, 2, 3)))
    return {"detected": figure(np.array(found, np.float64)), "spread": figure(spread), "seed": SEED}


def headline(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest's entry shows."""
    first = figures["detected"]
    return {
        "detected": first["value"],
        "low": first["low"],
        "high": first["high"],
        "images": first["images"],
        "data": f"samples of seed {figures['seed']} in which the detector finds a face",
    }

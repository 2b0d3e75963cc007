"""Figures of generated faces: in how many the portal's detector finds a face, as drawn and as served, and how much they differ."""

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
    """SAMPLES faces from SEED.

    detected, detected_first: share in which a face is found, served and before anything is drawn again. spread: of their pixels around the
    mean face, 0..255.
    """
    finder = Finder(networks)

    def found(images: generation.Images) -> list[bool]:
        return [bool(finder.find(Photo(image), DetectOptions(rotate=False)).faces) for image in images]

    first = generation.generate(network, generation.latents(SAMPLES, SEED, 1.0))
    images = generation.drawn(generation.Wish(SAMPLES, SEED), network, found)
    spread = np.sqrt(((images.astype(np.float64) - images.mean(0)) ** 2).mean((1, 2, 3)))
    return {
        "detected": figure(np.array(found(images), np.float64)),
        "detected_first": figure(np.array(found(first), np.float64)),
        "spread": figure(spread),
        "seed": SEED,
    }


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

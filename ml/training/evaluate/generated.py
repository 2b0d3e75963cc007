"""Figures of generated faces: found by the detector as drawn and as served, how much they differ, how far from photographs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml import generation
from ml.finding import Finder
from ml.runtime import Network, Networks
from ml.training.evaluate import likeness
from ml.training.evaluate.points import figure

SAMPLES: Final = 512
SEED: Final = 1


def report(network: Network, networks: Networks, weights: Path, data: Path) -> dict[str, Any]:
    """SAMPLES faces from SEED, and for what a share of all shows more exactly likeness.IMAGES, of which these are the first.

    detected, detected_first: share in which a face is found, served and before anything is drawn again. spread: of their pixels around the
    mean face, 0..255. frechet: see ml.training.evaluate.likeness; of faces before anything is drawn again.
    """
    finder = Finder(networks)

    def are_faces(images: generation.Images) -> list[bool]:
        return [face is not None for face in likeness.found(images, finder)]

    first = generation.generate(network, generation.latents(likeness.IMAGES, SEED, 1.0))
    faces = likeness.found(first, finder)
    images = generation.drawn(generation.Wish(SAMPLES, SEED), network, are_faces)
    spread = np.sqrt(((images.astype(np.float64) - images.mean(0)) ** 2).mean((1, 2, 3)))
    return {
        "detected": figure(np.array(are_faces(images), np.float64)),
        "detected_first": figure(np.array([face is not None for face in faces], np.float64)),
        "spread": figure(spread),
        "seed": SEED,
        **likeness.report(first, faces, weights, data),
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
        "frechet": figures["frechet"]["value"],
        "frechet_of_photographs": figures["frechet_of_photographs"]["value"],
    }

"""Faces of people who do not exist, from a DCGAN generator (Radford et al. 2016)."""

import numpy as np
import numpy.typing as npt

from ml.runtime import Network
from ml.types import F32

LATENT = 100


def latents(count: int, seed: int, truncation: float) -> F32:
    """(count, 100) normal numbers times `truncation`: 1 is full variety, 0 one average face. A longer list starts like a shorter."""
    values = np.random.default_rng(seed).standard_normal((count, LATENT), np.float32)
    return values * np.float32(truncation)


def generate(network: Network, z: F32) -> npt.NDArray[np.uint8]:
    """(n, 100) -> (n, height, width, 3) pixels."""
    images = [network.run(row[None])["image"][0] for row in z]
    return np.stack([np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8) for image in images])

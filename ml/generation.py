"""Faces of people who do not exist, from a DCGAN generator (Radford et al. 2016)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidRequest
from ml.manifest import NetworkSpec
from ml.runtime import Network
from ml.types import F32

LATENT: Final = 100
EDITS: Final = ("smile", "age", "male", "glasses")
"""What can be changed about a generated face, see ml.training.directions."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw.

    count: faces. seed: the same seed gives the same faces. truncation: 0..1, see `latents`. to_seed: if given, the faces lead from
    the first face of `seed` to the first of `to_seed` in even steps. edits: name of EDITS -> steps in that direction.
    """

    count: int = 16
    seed: int = 0
    truncation: float = 1.0
    to_seed: int | None = None
    edits: Mapping[str, float] = field(default_factory=dict)


def latents(count: int, seed: int, truncation: float) -> F32:
    """(count, 100) normal numbers times `truncation`: 1 is full variety, 0 one average face. A longer list starts like a shorter."""
    values = np.random.default_rng(seed).standard_normal((count, LATENT), np.float32)
    return values * np.float32(truncation)


def wished(wish: Wish, spec: NetworkSpec) -> F32:
    """(count, 100): where the wished faces lie. InvalidRequest when the network has no directions for the edits."""
    if wish.to_seed is None:
        z = latents(wish.count, wish.seed, wish.truncation)
    else:
        ends = [latents(1, seed, wish.truncation)[0] for seed in (wish.seed, wish.to_seed)]
        z = between(ends[0], ends[1], wish.count)
    for name, amount in wish.edits.items():
        if amount:
            z = z + np.float32(amount) * direction(spec, name)
    return z


def between(first: F32, last: F32, count: int) -> F32:
    """(count, 100) points on the arc between two latent vectors, both ends included (White, "Sampling Generative Networks", 2016)."""
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(last))
    cosine = float(first @ last) / max(lengths[0] * lengths[1], 1e-12)
    angle = float(np.arccos(np.clip(cosine, -1, 1)))
    t = np.linspace(0, 1, count)[:, None]
    if angle < 1e-3:
        return np.asarray((1 - t) * first + t * last, np.float32)
    return np.asarray((np.sin((1 - t) * angle) * first + np.sin(t * angle) * last) / np.sin(angle), np.float32)


def direction(spec: NetworkSpec, name: str) -> F32:
    """(100,) of the network's own; InvalidRequest when it has none of that name."""
    stored = spec.calibration.get("synthesis", {}).get("directions", {})
    if name not in stored:
        known = ", ".join(stored) or "none"
        raise InvalidRequest(f"{spec.key} cannot change {name} (it knows: {known}).", {"known": list(stored)})
    return np.frombuffer(base64.b64decode(stored[name]), np.float16).astype(np.float32)


def written(direction_: F32) -> str:
    """A direction as the manifest holds it: base64 of little-endian float16."""
    return base64.b64encode(direction_.astype("<f2").tobytes()).decode()


def generate(network: Network, z: F32) -> npt.NDArray[np.uint8]:
    """(n, 100) -> (n, height, width, 3) pixels."""
    images = [network.run(row[None])["image"][0] for row in z]
    return np.stack([np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8) for image in images])

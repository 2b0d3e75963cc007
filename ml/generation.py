"""Faces of people who do not exist, from a DCGAN generator (Radford et al. 2016)."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidRequest
from ml.manifest import NetworkSpec
from ml.runtime import Network
from ml.types import F32

Images = npt.NDArray[np.uint8]
"""(n, height, width, 3), RGB."""
Judge = Callable[[Images], Sequence[bool]]
"""For each image: is it a face?"""

LATENT: Final = 100
ATTEMPTS: Final = 4
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


def latents(count: int, seed: int, truncation: float, attempt: int = 0) -> F32:
    """(count, 100) normal numbers times `truncation`: 1 is full variety, 0 one average face. A longer list starts like a shorter."""
    source = np.random.default_rng((seed, attempt) if attempt else seed)
    values = source.standard_normal((count, LATENT), np.float32)
    return values * np.float32(truncation)


def drawn(wish: Wish, network: Network, are_faces: Judge) -> Images:
    """(count, height, width, 3) the wished faces. InvalidRequest when the network has no directions for the edits.

    What `are_faces` takes for none is drawn again, ATTEMPTS times in all at most; before it is edited, so that edits change the same face.
    """
    steps = [np.float32(amount) * direction(network.spec, name) for name, amount in wish.edits.items() if amount]
    if wish.to_seed is None:
        z, images = _faces(wish, wish.seed, wish.count, network, are_faces)
    else:
        ends = [_faces(wish, seed, 1, network, are_faces)[0][0] for seed in (wish.seed, wish.to_seed)]
        z, images = between(ends[0], ends[1], wish.count), None
    if images is None or steps:
        images = generate(network, z + sum(steps, np.zeros(LATENT, np.float32)))
    return images


def _faces(wish: Wish, seed: int, count: int, network: Network, are_faces: Judge) -> tuple[F32, Images]:
    z = latents(count, seed, wish.truncation)
    images = generate(network, z)
    waiting = np.arange(count)
    for attempt in range(1, ATTEMPTS):
        waiting = waiting[~np.array(are_faces(images[waiting]), np.bool_)]
        if not len(waiting):
            break
        z[waiting] = latents(count, seed, wish.truncation, attempt)[waiting]
        images[waiting] = generate(network, z[waiting])
    return z, images


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


def generate(network: Network, z: F32) -> Images:
    """(n, 100), n > 0 -> (n, height, width, 3) pixels."""
    return pixels(np.concatenate([network.run(row[None])["image"] for row in z]))


def pixels(images: F32) -> Images:
    """What a generator gives, -1..1, as pixels."""
    return np.asarray(np.clip(np.rint((images + 1.0) * 127.5), 0, 255), np.uint8)

"""Are two faces one person's? Embeddings compared by cosine similarity (MobileFaceNet, Chen et al. 2018; ArcFace loss)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.align import crop_matrix, look
from ml.boxes import prominent
from ml.errors import InvalidRequest, NoFace, NotReady
from ml.manifest import NetworkSpec
from ml.photo import Photo
from ml.runtime import Network
from ml.tasks.embedding import unit
from ml.types import F32, Face

DEFAULT_FALSE_MATCH_RATE = 1e-3


def embed(network: Network, photo: Photo, face: Face, threads: int = 1) -> F32:
    """(d,) embedding of length 1; the network may use so many cores."""
    spec = network.spec.input
    matrix = crop_matrix(spec, face, (photo.height, photo.width))
    return unit(network.run(look(spec, photo, matrix), threads))


def choose(photo: Photo, faces: list[Face], index: int | None, which: str, tried: Mapping[str, Any]) -> Face:
    """The face of that index, or the most prominent one: large and near the middle. which: how details name the photograph.

    Raises NoFace, or InvalidRequest when there is no such index.
    """
    if not faces:
        raise NoFace("No face was found in the photograph.", {"image": which, **tried})
    if index is None:
        return prominent(faces, (photo.width, photo.height))
    if not 0 <= index < len(faces):
        message = f"There is no face {index}: {len(faces)} found in the photograph, counted from 0."
        raise InvalidRequest(message, {"image": which, "faces": len(faces)})
    return faces[index]


def threshold_for(spec: NetworkSpec, false_match_rate: float | None) -> tuple[float, float]:
    """(threshold, false-match rate): similarity from which on two faces count as one person's.

    Between the calibrated rates the threshold is interpolated over the logarithm of the rate. Raises InvalidRequest
    outside the calibrated range.
    """
    rows = spec.calibration.get("verify", {}).get("operating_points", [])
    if not rows:
        raise NotReady(f"{spec.key} has no calibrated thresholds.")
    rates = np.array([row["false_match_rate"] for row in rows], np.float64)
    thresholds = np.array([row["threshold"] for row in rows], np.float64)
    order = np.argsort(rates)
    rates, thresholds = rates[order], thresholds[order]
    rate = DEFAULT_FALSE_MATCH_RATE if false_match_rate is None else false_match_rate
    if not rates[0] <= rate <= rates[-1]:
        raise InvalidRequest(
            f"false_match_rate must lie in {rates[0]:g}..{rates[-1]:g}, the range that was measured.",
            {"false_match_rate": rate, "lowest": float(rates[0]), "highest": float(rates[-1])},
        )
    return float(np.interp(np.log(rate), np.log(rates), thresholds)), rate

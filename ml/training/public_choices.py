"""How the public networks are asked, and what training faces say about the constants that ml.nets fixes for them."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from scipy.optimize import minimize

from ml.align import crop_matrix, prepare, warp
from ml.nets import tinyxception
from ml.nets.minixception import TEMPERATURE
from ml.runtime import Network, Networks
from ml.training import calibrate
from ml.training.batches import Faces
from ml.training.corpus import I64, Corpus
from ml.training.export import load_weights
from ml.types import F32, F64

VERSION: Final = "1.0.0"
CHOICE_IMAGES: Final = 600  # training faces of each set that choose
_MARGINS: Final = (0.8, 0.9, 1.0, 1.1, 1.3)


def answers(network: Network, faces: Faces, rows: I64, margin: float | None = None) -> dict[str, F32]:
    """Outputs (n, …) for the crops that serving takes; another `margin` than the manifest's on request."""
    found = [network.run(_prepared(network, faces, row, margin)) for row in rows.tolist()]
    return {name: np.concatenate([outputs[name] for outputs in found]) for name in network.spec.outputs}


def _prepared(network: Network, faces: Faces, row: int, margin: float | None = None) -> F32:
    spec = network.spec.input if margin is None else replace(network.spec.input, margin=margin)
    image = faces.corpus.image(row)
    return prepare(spec, warp(image, crop_matrix(spec, faces.face(row), image.shape[:2]), spec.fixed_size))


def sample(corpus: Corpus, source: str, count: int) -> I64:
    """Training images of a set, the same and in the same order each time."""
    rows = np.concatenate([corpus.rows(source, split) for split in ("train", "hold")])
    return np.random.default_rng(7).permutation(rows)[:count]


def choices(networks: Networks, faces: Faces, weights: Path) -> dict[str, Any]:
    """Figures of both networks by margin, the likeliest temperature of expressions, and the likeliest spread of ages."""
    mini, tiny = (networks.get(name, VERSION) for name in ("mini-xception", "tiny-xception"))
    return {
        "mini-xception": {str(margin): _expressions(mini, faces, margin) for margin in _MARGINS},
        "tiny-xception": {str(margin): _ages_and_genders(tiny, faces, margin) for margin in _MARGINS},
        "spread": likeliest_spread(*_numbers(tiny, faces, weights)),
    }


def likeliest_spread(years: F32, ages: F32) -> list[float]:
    """The spread of ml.nets.tinyxception under which the true ages (n,) are likeliest, given the published numbers (n,)."""
    rows = np.arange(len(ages))

    def surprise(spread: F64) -> float:
        if spread.min() <= 0:
            return float("inf")
        newborn, growth, widest = spread.tolist()
        shares = np.asarray(tinyxception.distribution(years[:, None], (newborn, growth, widest)), np.float64)
        return float(-np.log(shares[rows, ages.astype(int)] + 1e-9).mean())

    found = minimize(surprise, np.array([1.0, 0.4, 8.0]), method="Nelder-Mead")
    return [round(float(value), 3) for value in found.x]


def _expressions(network: Network, faces: Faces, margin: float) -> dict[str, float]:
    rows = sample(faces.corpus, "fer2013", CHOICE_IMAGES)
    scores, truth = answers(network, faces, rows, margin)["emotion"], faces.corpus.labels.emotion[rows]
    # The network's own temperature is in its logits already.
    temperature = TEMPERATURE * calibrate.temperature(np.log(scores + np.float32(1e-9)), truth)
    return {"fer2013": float((scores.argmax(1) == truth).mean()), "temperature": temperature}


def _ages_and_genders(network: Network, faces: Faces, margin: float) -> dict[str, float]:
    labels, figures = faces.corpus.labels, {}
    for source in ("utkface", "fairface"):
        rows = sample(faces.corpus, source, CHOICE_IMAGES)
        outputs, truth = answers(network, faces, rows, margin), labels.take(rows)
        years = outputs["age"] @ np.arange(outputs["age"].shape[1])
        outside = np.maximum(truth.age_low - years, 0) + np.maximum(years - truth.age_high, 0)
        figures[f"{source}_years_off"] = float(outside.mean())
        figures[f"{source}_gender"] = float(((outputs["gender"][:, 0] >= 0.5) == truth.gender).mean())
    return figures


def _numbers(network: Network, faces: Faces, weights: Path) -> tuple[F32, F32]:
    """(published numbers of years, true ages) of the training faces that choose."""
    model = tinyxception.build()
    load_weights(model, weights / network.spec.keras)
    plain = keras.Model(model.input, model.get_layer("years").output)
    rows = sample(faces.corpus, "utkface", CHOICE_IMAGES)
    crops = np.concatenate([_prepared(network, faces, row) for row in rows.tolist()])
    return plain.predict(crops, batch_size=64, verbose=0)[:, 0], faces.corpus.labels.age_low[rows]

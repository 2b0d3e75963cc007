"""How the public networks are asked, and what training faces say about the constants that ml.nets fixes for them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from scipy.optimize import minimize

from ml.align import crop_matrix, prepare, warp
from ml.nets import bigxception, minixception, tinyxception
from ml.runtime import Network, Networks
from ml.training import calibrate
from ml.training.batches import Faces
from ml.training.corpus import I64, Corpus
from ml.training.export import load_weights
from ml.types import F32, F64

VERSION: Final = "1.0.0"
CHOICE_IMAGES: Final = 600  # faces of each set that choose
_TAUGHT: Final = ("train", "hold")
_MARGINS: Final = (0.8, 0.9, 1.0, 1.1, 1.3)


def answers(network: Network, faces: Faces, rows: I64, margin: float | None = None) -> dict[str, F32]:
    """Outputs (n, …) for the crops that serving takes; another `margin` than the manifest's on request."""
    found = [network.run(_prepared(network, faces, row, margin)) for row in rows.tolist()]
    return {name: np.concatenate([outputs[name] for outputs in found]) for name in network.spec.outputs}


def _prepared(network: Network, faces: Faces, row: int, margin: float | None = None) -> F32:
    spec = network.spec.input if margin is None else replace(network.spec.input, margin=margin)
    image = faces.corpus.image(row)
    return prepare(spec, warp(image, crop_matrix(spec, faces.face(row), image.shape[:2]), spec.fixed_size))


def sample(corpus: Corpus, source: str, count: int, splits: Sequence[str] = _TAUGHT) -> I64:
    """Images of a set, by default of its training split, the same and in the same order each time."""
    rows = np.concatenate([corpus.rows(source, split) for split in splits])
    return np.random.default_rng(7).permutation(rows)[:count]


def choices(networks: Networks, faces: Faces, weights: Path) -> dict[str, Any]:
    """Figures of the networks by margin, the likeliest temperatures of expressions, and the likeliest spread of ages."""
    tiny = networks.get("tiny-xception", VERSION)
    expressive = {}
    for module, splits in ((minixception, _TAUGHT), (bigxception, ("val",))):
        network, rows = (
            networks.get(module.ENTRY["name"], VERSION),
            sample(faces.corpus, "fer2013", CHOICE_IMAGES, splits),
        )
        expressive[network.spec.name] = {
            str(margin): _expressions(network, faces, rows, margin, module.TEMPERATURE) for margin in _MARGINS
        }
    return {
        **expressive,
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


def _expressions(network: Network, faces: Faces, rows: I64, margin: float, known: float) -> dict[str, float]:
    scores, truth = answers(network, faces, rows, margin)["emotion"], faces.corpus.labels.emotion[rows]
    # The network's own temperature is in its logits already.
    temperature = known * calibrate.temperature(np.log(scores + np.float32(1e-9)), truth)
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

"""Directions in the generator's latent space along which one thing about a face changes: smile, age, gender, glasses.

    python -m ml.training.directions [--weights weights] [--faces 3000]

After Shen et al., "Interpreting the Latent Space of GANs for Semantic Face Editing", 2020, with ridge regression instead of a
classifier's normal: what our own networks say about generated faces is fitted linearly to the latent numbers, and a direction is
the shortest one that changes one of the four by a standard deviation and leaves the other three. The result goes into the
generator's manifest entry, what it does to other faces into its report.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml import generation, measure
from ml.engine import SYNTHESIS, Engine
from ml.finding import SKIP, DetectOptions
from ml.photo import Photo
from ml.runtime import Networks
from ml.training.entries import annotate
from ml.training.evaluate.writer import put
from ml.types import F32, F64

SEED: Final = 11
TESTED: Final = 300
AMOUNT: Final = 2.0
_PENALTY: Final = 30.0
_LEAST: Final = 1e-4
_TASKS: Final = ("age", "gender", "attributes")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.directions", description="Find latent directions.")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--faces", type=int, default=3000, help="generated faces to learn from")
    arguments = parser.parse_args()
    engine = Engine(arguments.weights)
    networks = Networks(arguments.weights)
    spec = engine.active[SYNTHESIS]
    network = networks.get(spec.name, spec.version)

    def draw(z: F32) -> Any:
        return generation.generate(network, z)

    z = generation.latents(arguments.faces, SEED, 1.0)
    found = directions(z, judged(engine, draw(z)))
    annotate(
        arguments.weights,
        spec.name,
        spec.version,
        calibration={SYNTHESIS: {"directions": {name: generation.written(row) for name, row in found.items()}}},
        metrics={},
    )
    effect = {name: effects(engine, draw, found, name) for name in found}
    put(arguments.weights, networks.manifest.find(spec.name, spec.version), {"directions": effect})
    for name, figures in effect.items():
        print(name, figures, flush=True)


def judged(engine: Engine, images: Any) -> F64:
    """(n, h, w, 3) -> (n, 4): what the active networks say, by generation.EDITS: logits, and years."""
    return np.array([_judge(engine, image) for image in images])


def _judge(engine: Engine, rgb_u8: Any) -> list[float]:
    report = engine.analyze(Photo(rgb_u8), _TASKS, detect=DetectOptions(detector=SKIP))
    results = report.faces[0].results
    scores = results["attributes"].scores
    gender = results["gender"]
    male = gender.probability if gender.label == "male" else 1 - gender.probability
    values = {
        "smile": _logit(scores["Smiling"]),
        "age": results["age"].years,
        "male": _logit(male),
        "glasses": _logit(scores["Eyeglasses"]),
    }
    return [values[name] for name in generation.EDITS]


def directions(z: F32, values: F64) -> dict[str, F32]:
    """(n, 100) and (n, k) by generation.EDITS -> name -> (100,): a step of one standard deviation of that value alone."""
    centred = values - values.mean(0)
    slopes = np.linalg.solve(z.T @ z + _PENALTY * np.eye(z.shape[1]), z.T @ centred)
    steps = np.linalg.pinv(slopes) * centred.std(0)[:, None]
    return {name: row.astype(np.float32) for name, row in zip(generation.EDITS, steps, strict=True)}


def effects(engine: Engine, draw: Any, found: Mapping[str, F32], name: str) -> dict[str, Any]:
    """What -AMOUNT and +AMOUNT of one direction do to faces that nothing was learnt from."""
    z = generation.latents(TESTED, SEED + 1, 1.0)
    ends = [judged(engine, draw(z + np.float32(sign * AMOUNT) * found[name])) for sign in (-1, 1)]
    change = ends[1] - ends[0]
    own = generation.EDITS.index(name)
    return {
        "amount": AMOUNT,
        "moved": measure.mean(change[:, own] > 0),
        "low": round(float(_shown(name, ends[0][:, own]).mean()), 3),
        "high": round(float(_shown(name, ends[1][:, own]).mean()), 3),
        "step_length": round(float(np.linalg.norm(found[name])), 3),
    }


def _shown(name: str, values: F64) -> F64:
    return values if name == "age" else 1 / (1 + np.exp(-values))


def _logit(probability: float) -> float:
    clipped = min(max(probability, _LEAST), 1 - _LEAST)
    return float(np.log(clipped / (1 - clipped)))


if __name__ == "__main__":
    main()

"""The recipe of the network "face": data, faces, heads, fine-tuning, calibration, export, in one command.

    python -m ml.training.face --data DIR --work DIR [--package DIR] [--epochs 4.4] [--minutes M] [--frozen-only]

Each stage keeps its result in --work and is skipped when that is there, so an interrupted run goes on where it was.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.nets.face import HEADS
from ml.nets.packages import unpacked
from ml.training import calibrate, face_model, heads, losses
from ml.training.batches import Faces, Source
from ml.training.corpus import I64, SOURCES, SPLITS, open_corpus
from ml.training.face_model import Affine
from ml.training.face_release import entry
from ml.training.fit import Job, Plan, Trainer
from ml.training.locate import locate
from ml.training.release import release
from ml.types import F32

SIDE: Final = 128
BATCH: Final = 64
FROZEN: Final = 5
"""Blocks that stay as published: edges and blobs that every face needs, at the largest and slowest maps."""
HEAD_IMAGES: Final = 12_000  # training images (in random order) that the first heads are fitted to
MARGIN: Final = 1.1
"""Side of the crop in longer sides of the face's box: at 1.4 the frozen trunk's features were far worse (see docs/training)."""


BARE_SETS: Final = ("utkface", "celeba", "fairface")
BARE: Final = 700  # faces of each of these sets
BARE_WEIGHT: Final = 0.3


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says."""

    data: Path
    work: Path
    weights: Path
    package: Path | None
    epochs: float
    minutes: float | None
    frozen_only: bool
    activate: tuple[str, ...]
    seed: int


def main() -> None:
    """Run the recipe."""
    settings = _settings()
    keras.utils.set_random_seed(settings.seed)
    corpus = open_corpus(settings.data, settings.work)
    boxes_xyxy, points_xy, confidences = locate(corpus, settings.weights, settings.work)
    faces = Faces(corpus, boxes_xyxy, points_xy)
    print(f"{len(corpus)} images, a face found in {100 * float((confidences > 0).mean()):.1f} %", flush=True)
    train = np.random.default_rng(settings.seed).permutation(
        np.flatnonzero(corpus.labels.split == SPLITS.index("train"))
    )
    model = face_model.build(_package(settings), SIDE)
    face_model.set_heads(model, first_heads(model, faces, train, settings))
    if not settings.frozen_only:
        face_model.freeze(model, FROZEN)
        source = Source(faces, train, SIDE, MARGIN, BATCH, settings.seed)
        job = Job(model, source, face_model.network_input, losses.losses)
        Trainer(job, plan(len(train), settings), settings.work / "run").run()
    finish(model, faces, settings)


def first_heads(model: keras.Model, faces: Faces, train: I64, settings: Settings) -> dict[str, Affine]:
    """Linear heads on the features of the trunk as published."""
    path = settings.work / "heads.npz"
    if not path.exists():
        rows = train[:HEAD_IMAGES]
        found = heads.features(model, faces.crops(rows, SIDE, MARGIN))
        fitted = heads.fit_heads(found, faces.corpus.labels.take(rows), seed=settings.seed)
        np.savez(path, **{f"{task}_{i}": value for task, pair in fitted.items() for i, value in enumerate(pair)})  # type: ignore[arg-type]
    with np.load(path) as stored:
        return {task: (stored[f"{task}_0"], stored[f"{task}_1"]) for task in face_model.LOGITS}


def finish(model: keras.Model, faces: Faces, settings: Settings) -> None:
    """Calibrate on the held-out faces, export, and write the manifest entry."""
    if not settings.frozen_only:
        face_model.set_heads(model, {"mask": mask_head(model, faces, settings.seed)})
    held = np.flatnonzero(faces.corpus.labels.split == SPLITS.index("hold"))
    features = heads.features(model, faces.crops(held, SIDE, MARGIN))
    final, interval = calibrated(face_model.heads(model), features, faces.corpus.labels.take(held))
    how = "linear heads" if settings.frozen_only else f"blocks from the {FROZEN + 1}th on and heads trained together"
    described = entry(interval, side=SIDE, margin=MARGIN, how=how)
    release(face_model.served(model, final, SIDE), described, settings.weights, active=settings.activate)


def mask_head(model: keras.Model, faces: Faces, seed: int) -> Affine:
    """The mask head anew on the finished trunk: its set is small and gives few images to a batch, and all at once teach it better.

    Every image counts as served and once more varied; some faces of the other coloured sets count a little as unmasked.
    """
    rng, labels = np.random.default_rng(seed), faces.corpus.labels
    train = faces.corpus.rows("mask", "train")
    bare = np.concatenate([rng.permutation(faces.corpus.rows(name, "train"))[:BARE] for name in BARE_SETS])
    plain = heads.features(model, faces.crops(np.concatenate([train, bare]), SIDE, MARGIN))
    varied = heads.features(model, (np.stack([faces.varied(row, SIDE, MARGIN, rng)]) for row in train.tolist()))
    truth = np.concatenate([labels.mask[train], np.zeros(len(bare)), labels.mask[train]])
    weights = np.concatenate([np.ones(len(train)), np.full(len(bare), BARE_WEIGHT), np.ones(len(train))])
    return heads.fit_binary(np.concatenate([plain, varied]), truth, weights)


def calibrated(values: dict[str, Affine], features: F32, labels: Any) -> tuple[dict[str, Affine], dict[str, Any]]:
    """The heads as served and [network.calibration.age], from held-out faces."""
    logits = heads.logits(features, values)
    exact = labels.source == SOURCES.index("utkface")
    distribution = calibrate.probabilities(logits)["age"][exact]
    return calibrate.calibrated(values, logits, labels), calibrate.interval(distribution, labels.age_low[exact])


def plan(images: int, settings: Settings) -> Plan:
    """Steps for the wanted number of epochs."""
    return Plan(max(1, round(settings.epochs * images / BATCH)), minutes=settings.minutes)


def _package(settings: Settings) -> Path:
    """Folder of the npm package with the public trunk; fetched when not given."""
    if settings.package is not None:
        return settings.package
    from ml.nets.importers import HUMAN  # noqa: PLC0415  pulls in every importer

    return unpacked(HUMAN, Path(tempfile.mkdtemp()))


def _settings() -> Settings:
    parser = argparse.ArgumentParser(description="Train the face network: age, gender, emotion, attributes, mask.")
    parser.add_argument("--data", type=Path, required=True, help="folder with utkface, fairface, fer2013, celeba, mask")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches, checkpoints and log (4 GB)")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--package", type=Path, help="unpacked npm package @vladmandic/human 3.3.6; fetched if absent")
    parser.add_argument("--epochs", type=float, default=4.4, help="images seen, in sizes of the training split")
    parser.add_argument("--minutes", type=float, help="end after so many minutes of training instead")
    parser.add_argument("--frozen-only", action="store_true", help="heads on the trunk as published, no fine-tuning")
    parser.add_argument(
        "--activate", nargs="*", default=tuple(HEADS), choices=tuple(HEADS), help="tasks it shall answer"
    )
    parser.add_argument("--seed", type=int, default=7)
    values = vars(parser.parse_args())
    return Settings(**values | {"activate": tuple(values["activate"])})


if __name__ == "__main__":
    main()

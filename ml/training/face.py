"""The recipe of the network "face": data, faces, heads, fine-tuning, calibration, export, in one command.

    python -m ml.training.face --data DIR --work DIR [--package DIR] [--minutes M] [--frozen-only]

Each stage keeps its result in --work and is skipped when that is there, so an interrupted run goes on where it was.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import keras
import numpy as np

from ml.nets.face import HEADS, MARGIN, SIDE
from ml.nets.packages import unpacked
from ml.training import calibrate, face_model, heads, losses, refit
from ml.training.batches import FACE_SHARES, Faces, Source
from ml.training.corpus import I64, SOURCES, SPLITS, Corpus, open_corpus
from ml.training.face_model import Affine
from ml.training.face_release import TASKS, entry
from ml.training.fit import Job, Plan, Trainer
from ml.training.locate import as_served, locate
from ml.training.progress import named, resumed
from ml.training.release import release
from ml.types import F32

BATCH: Final = 64
HEAD_IMAGES: Final = 12_000  # training images (in random order) that the first heads are fitted to


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the fine-tuning, with a schedule and a checkpoint of its own.

    frozen: how many of the first blocks stay as they are. epochs: images seen, in sizes of the training split. shares: see FACE_SHARES.
    """

    folder: str
    frozen: int
    margin: float
    epochs: float
    shares: Mapping[str, int]


STAGES: Final = (
    Stage("run", 5, 1.1, 4.4, FACE_SHARES),
    Stage("further", 3, MARGIN, 4.5, {"utkface": 20, "fairface": 15, "celeba": 13, "fer2013": 12, "mask": 4}),
    Stage("expressive", 5, MARGIN, 4.0, {"utkface": 14, "fairface": 10, "celeba": 8, "fer2013": 28, "mask": 4}),
    Stage("last", 5, MARGIN, 2.2, {"utkface": 16, "fairface": 12, "celeba": 12, "fer2013": 20, "mask": 4}),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says."""

    data: Path
    work: Path
    weights: Path
    package: Path | None
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
        for stage in STAGES:
            fine_tune(model, faces, train, stage, settings)
        average(model, [settings.work / stage.folder for stage in STAGES[-2:]])
    finish(model, corpus, settings)


def first_heads(model: keras.Model, faces: Faces, train: I64, settings: Settings) -> dict[str, Affine]:
    """Linear heads on the features of the trunk as published."""
    path = settings.work / "heads.npz"
    if not path.exists():
        rows = train[:HEAD_IMAGES]
        found = heads.features(model, faces.crops(rows, SIDE, STAGES[0].margin))
        fitted = heads.fit_heads(found, faces.corpus.labels.take(rows), seed=settings.seed)
        np.savez(path, **{f"{task}_{i}": value for task, pair in fitted.items() for i, value in enumerate(pair)})  # type: ignore[arg-type]
    with np.load(path) as stored:
        return {task: (stored[f"{task}_0"], stored[f"{task}_1"]) for task in HEADS}


def fine_tune(model: keras.Model, faces: Faces, train: I64, stage: Stage, settings: Settings) -> None:
    """One stage, gone on with where it was cut off."""
    face_model.freeze(model, stage.frozen)
    source = Source(faces, train, SIDE, stage.margin, BATCH, settings.seed, stage.shares)
    job = Job(model, source, face_model.network_input, losses.losses)
    steps = max(1, round(stage.epochs * len(train) / BATCH))
    last = stage is STAGES[-1]
    Trainer(job, Plan(steps, minutes=settings.minutes if last else None), settings.work / stage.folder).run()


def average(model: keras.Model, folders: Sequence[Path]) -> None:
    """The mean of the weights that stages ended with (Wortsman et al., "Model soups", 2022)."""
    ends = [named(resumed(folder)[1], "model_") for folder in folders]
    model.set_weights([np.mean(weights, axis=0) for weights in zip(*ends, strict=True)])


def finish(model: keras.Model, corpus: Corpus, settings: Settings) -> None:
    """Three heads anew, calibration, export, and the manifest entry; all on faces as the portal finds them."""
    held = np.flatnonzero(corpus.labels.split == SPLITS.index("hold"))
    expressive, taught = corpus.rows("fer2013", "val"), refit.rows(corpus)
    again = [] if settings.frozen_only else [taught]
    placed = np.concatenate([held, expressive, *again])
    faces = Faces(corpus, *as_served(corpus, placed, settings.weights, settings.work))
    labels, others = corpus.labels.take(held), face_model.finished(settings.weights)
    plain = face_model.served(model, {}, others)
    values = face_model.heads(model)
    if not settings.frozen_only:
        values |= refit.heads_of(plain, faces, taught)
    combined = {head: face_model.combined(head, pair) for head, pair in values.items()}
    combined["age"] = calibrate.lifted(combined["age"])

    def logits(rows: I64) -> dict[str, F32]:
        seen = face_model.seen(plain, faces.crops(rows, SIDE, MARGIN), HEADS)
        return {head: seen[head][:, : len(kernel)] @ kernel + bias for head, (kernel, bias) in combined.items()}

    final = combined | calibrate.calibrated(combined, logits(held), labels)
    final |= calibrate.expressive(combined, logits(expressive), corpus.labels.take(expressive))
    network = face_model.served(model, final, others)
    exact = labels.source == SOURCES.index("utkface")
    years = face_model.years(network, faces.crops(held[exact], SIDE, MARGIN))
    how = (
        "linear heads"
        if settings.frozen_only
        else f"blocks from the {min(stage.frozen for stage in STAGES) + 1}th on and heads trained together"
    )
    described = entry(calibrate.interval(years, labels.age_low[exact]), how=how)
    release(network, described, settings.weights, active=settings.activate, eight=True)


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
    parser.add_argument("--minutes", type=float, help="end the last stage after so many minutes of training instead")
    parser.add_argument("--frozen-only", action="store_true", help="heads on the trunk as published, no fine-tuning")
    parser.add_argument("--activate", nargs="*", default=TASKS, choices=TASKS, help="tasks it shall answer")
    parser.add_argument("--seed", type=int, default=7)
    values = vars(parser.parse_args())
    return Settings(**values | {"activate": tuple(values["activate"])})


if __name__ == "__main__":
    main()

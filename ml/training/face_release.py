"""Files, manifest entry and report of a trained face network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras

from ml import manifest
from ml.nets.face import HEADS
from ml.nets.mobilenet import MEAN_BGR
from ml.training.export import export, save_weights

NAME: Final = "face"
VERSION: Final = "1.0.0"
HEADLINES: Final = {
    "age": (("mae", "mae", "UTKFace val"), ("coverage", "coverage", "UTKFace val")),
    "gender": (
        ("accuracy", "utkface", "UTKFace val"),
        ("adults", "utkface_adults", "UTKFace val, 16 and older"),
        ("fairface", "fairface", "FairFace val"),
        ("fairface_adults", "fairface_adults", "FairFace val, 20 and older"),
    ),
    "emotion": (("fer2013", "fer2013", "FER-2013 PublicTest"), ("ferplus", "ferplus", "FER+ majority, PublicTest")),
    "attributes": (("all", "all", "CelebA val, 40 attributes"), ("ten", "ten", "CelebA val, 10 attributes")),
    "mask": (("accuracy", "all", "mask val"),),
}
"""Task -> (name in the manifest, name in the report, data)."""


def release(
    network: keras.Model,
    figures: Mapping[str, Any],
    interval: Mapping[str, Any],
    weights_dir: Path,
    *,
    margin: float,
    frozen: bool,
    active: tuple[str, ...] = tuple(HEADS),
) -> None:
    """Write the LiteRT file, the npz, the report and the manifest entry, and make the network answer the tasks in `active`."""
    stem = f"{NAME}-{VERSION}"
    # A running server maps the file into memory: writing into it would end that server, a new file in its place does not.
    fresh = weights_dir / f"{stem}.new.tflite"
    order = export(network, fresh, list(HEADS))
    fresh.replace(weights_dir / f"{stem}.tflite")
    save_weights(network, weights_dir / f"{stem}.npz")
    path = weights_dir / "reports" / f"{stem}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"network": NAME, "version": VERSION, **figures}, indent=1) + "\n", "utf-8")
    described = entry(order, figures, interval, network.input_shape[1], margin=margin, frozen=frozen)
    manifest.upsert(weights_dir / "manifest.toml", described, active=active)


def entry(
    outputs: list[str],
    figures: Mapping[str, Any],
    interval: Mapping[str, Any],
    side: int,
    *,
    margin: float,
    frozen: bool,
) -> dict[str, Any]:
    """The manifest entry without hashes."""
    how = "linear heads on the trunk as published" if frozen else "last two blocks and heads trained together"
    return {
        "name": NAME,
        "version": VERSION,
        "title": "MobileNet for age, gender, expression, attributes and mask",
        "tasks": list(HEADS),
        "file": f"{NAME}-{VERSION}.tflite",
        "keras": f"{NAME}-{VERSION}.npz",
        "arch": "face",
        "arch_args": {"input_size": side},
        "outputs": outputs,
        "licence": "trunk MIT; trained on research-only data",
        "commercial": False,
        "source": f"npm @vladmandic/human 3.3.6, models/faceres; {how} by ml.training.face",
        "training_data": "VGGFace2 (trunk), UTKFace, FairFace, FER-2013 with FER+, CelebA, three face-mask sets",
        "notes": "Research-only data, hence not for commercial use. Age: expected value of 101 classes; the interval is decoded "
        "by ml.tasks.age_interval from [network.calibration.age]. All probabilities are calibrated on held-out training faces.",
        "input": {
            "size": [side, side],
            "align": "box",
            "margin": margin,
            "colour": "bgr",
            "mean": list(MEAN_BGR),
            "scale": 1.0,
        },
        "calibration": {"age": dict(interval)},
        "metrics": {task: headline(task, figures[task]) for task in HEADS},
    }


def headline(task: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The first figure of a task with its interval and data, and the others by name."""
    (name, key, data), *others = HEADLINES[task]
    first = figures[key]
    result = {name: first["value"], "low": first["low"], "high": first["high"], "images": first["images"], "data": data}
    return result | {other: figures[source]["value"] for other, source, _ in others}

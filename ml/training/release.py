"""Files and manifest entry of a trained network; its figures come from ml.training.evaluate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from ml import manifest
from ml.training.entries import add_twin
from ml.training.export import export, save_weights


def release(
    network: keras.Model, entry: Mapping[str, Any], weights_dir: Path, *, active: tuple[str, ...], eight: bool = False
) -> None:
    """Write the LiteRT file, the npz and the manifest entry, and make the network answer the tasks in `active`.

    `entry` lacks file names, hashes and metrics; its outputs are put in the order of the file. With `eight` it gets a twin in eight bits,
    which answers those tasks.
    """
    stem = f"{entry['name']}-{entry['version']}"
    # A new file in the old one's place: a server that reads the old one goes on with it.
    fresh = weights_dir / f"{stem}.new.tflite"
    order = export(network, fresh, list(entry["outputs"]))
    fresh.replace(weights_dir / f"{stem}.tflite")
    save_weights(network, weights_dir / f"{stem}.npz")
    files = {"file": f"{stem}.tflite", "keras": f"{stem}.npz", "outputs": order}
    manifest.upsert(weights_dir / "manifest.toml", {**entry, **files}, active=() if eight else active)
    if eight:
        add_twin(weights_dir, str(entry["name"]), str(entry["version"]), active=active)

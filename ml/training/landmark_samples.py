"""What the landmark maps are fitted to: features of every face as served and mirrored, and its points."""

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from ml import generation
from ml.align import apply, crop_matrix, prepare, warp
from ml.detectors import build_detectors
from ml.manifest import InputSpec
from ml.nets import facemesh, facepoints
from ml.runtime import Networks
from ml.training import export
from ml.training.faces import detect_faces, read_image, read_labels
from ml.types import F32, F64, Face, RgbU8

POINTS: Final = 68
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Samples:
    """Faces of a data set: arrays of equal length n.

    meshes (n, 2, 468, 3) at first sight and features (n, 2, FEATURES) of the crop and of the mirrored crop; points (n, 68, 2) in 0..1
    of the crop, nan where not visible; embeddings (n, k) of length 1, by which frames of one person are kept together; split, source,
    subject.
    """

    meshes: F32
    features: F32
    points: F64
    embeddings: F32
    split: Texts
    source: Texts
    subject: Texts

    def part(self, chosen: npt.NDArray[np.bool_]) -> "Samples":
        """The chosen (n,) ones."""
        return Samples(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def of(self, split: str, source: str | None = None) -> "Samples":
        """Those of one split, and of one source if given."""
        return self.part((self.split == split) & ((self.source == source) if source else True))


def mean_mesh(folder: Path, networks: Networks, cache: Path) -> F64:
    """(468, 2): mean of the meshes of HELEN's training faces, each moved to its middle and scaled to unit spread; kept in `cache`."""
    kept = cache / "mean-mesh.npy"
    if not kept.exists():
        rows = [row for row in read_labels(folder) if (row["source"], row["split"]) == ("helen", "train")]
        faces, network = _faces(folder, networks, cache), networks.get("mesh", "1.0.0")
        spec, shapes = network.spec.input, []
        with zipfile.ZipFile(folder / "images.zip") as archive:
            for row in rows:
                if row["file"] in faces:
                    rgb_u8 = read_image(archive, row["file"])
                    matrix = crop_matrix(spec, faces[row["file"]], rgb_u8.shape[:2])
                    mesh = network.run(prepare(spec, warp(rgb_u8, matrix, spec.fixed_size)))["mesh"]
                    shapes.append(facemesh.normalise(mesh)[0].reshape(-1, 3)[:, :2])
        np.save(kept, np.mean(shapes, axis=0, dtype=np.float64))
    return np.asarray(np.load(kept), np.float64)


def _faces(folder: Path, networks: Networks, cache: Path) -> dict[str, Face]:
    files = [row["file"] for row in read_labels(folder)]
    return detect_faces(folder, files, build_detectors(networks)["mtcnn"], cache / f"faces-{folder.name}.npz")


def samples(folder: Path, networks: Networks, spec: InputSpec, model: keras.Model, cache: Path) -> tuple[Samples, int]:
    """Every image of a data set in which a face was found, and in how many none was; kept in `cache`.

    model: ml.nets.facepoints.build_features with the published weights.
    """
    rows = read_labels(folder)
    kept = cache / f"points-{folder.name}-{facepoints.FEATURES}.npz"
    if not kept.exists():
        np.savez(
            kept,
            **_measured(
                folder,
                _faces(folder, networks, cache),
                networks,
                spec,
                _Runner(model, cache, made_face(networks, spec)),
            ),
        )
    with np.load(kept, allow_pickle=False) as arrays:
        found = Samples(**{field.name: arrays[field.name] for field in fields(Samples)})
    return found, len(rows) - len(found.split)


def _measured(
    folder: Path, faces: dict[str, Face], networks: Networks, spec: InputSpec, run: "_Runner"
) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {field.name: [] for field in fields(Samples)}
    embedder = networks.get("mobilefacenet")
    rows = [row for row in read_labels(folder) if row["file"] in faces]
    with zipfile.ZipFile(folder / "images.zip") as archive:
        for row in rows:
            rgb_u8, face = read_image(archive, row["file"]), faces[row["file"]]
            matrix = crop_matrix(spec, face, rgb_u8.shape[:2])
            crop = warp(rgb_u8, matrix, spec.fixed_size)
            both = [run(prepare(spec, view)) for view in (crop, _mirrored(crop))]
            columns["meshes"].append([outputs["mesh"] for outputs in both])
            columns["features"].append([outputs["features"] for outputs in both])
            columns["points"].append(_labelled(row, matrix))
            aligned = crop_matrix(embedder.spec.input, face, rgb_u8.shape[:2])
            look = warp(rgb_u8, aligned, embedder.spec.input.fixed_size)
            columns["embeddings"].append(embedder.run(prepare(embedder.spec.input, look))["embedding"][0])
            for name, default in (("split", ""), ("source", "muct"), ("subject", "")):
                columns[name].append(row.get(name, default))
    return {name: np.array(values) for name, values in columns.items()}


def made_face(networks: Networks, spec: InputSpec) -> F32:
    """A made face as the network takes it. Where two runtimes are compared on noise, the mesh finds nothing and its size is next to 0."""
    face = generation.generate(networks.get("dcgan", "1.0.0"), generation.latents(1, 0, 0.7))[0]
    return prepare(spec, np.asarray(cv2.resize(face, spec.fixed_size[::-1], interpolation=cv2.INTER_CUBIC), np.uint8))


def _mirrored(rgb_u8: RgbU8) -> RgbU8:
    return np.ascontiguousarray(rgb_u8[:, ::-1])


def _labelled(row: dict[str, str], matrix: F64) -> F64:
    points_xy = np.array([[float(row[f"x{index}"]), float(row[f"y{index}"])] for index in range(POINTS)])
    in_crop = apply(matrix, points_xy) / facepoints.SIDE
    in_crop[(points_xy == 0).all(axis=1)] = np.nan
    return in_crop


class _Runner:
    """A Keras model as a LiteRT file on one thread: three times as fast, and what is served."""

    def __init__(self, model: keras.Model, cache: Path, probe: F32) -> None:
        path = cache / f"{model.name}.tflite"
        self._names = export.export(model, path, sorted(model.output), probe=probe)
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()

    def __call__(self, batch: F32) -> dict[str, F32]:
        self._interpreter.set_tensor(self._interpreter.get_input_details()[0]["index"], batch)
        self._interpreter.invoke()
        details = self._interpreter.get_output_details()
        return {n: self._interpreter.get_tensor(d["index"])[0] for n, d in zip(self._names, details, strict=True)}

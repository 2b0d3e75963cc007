"""All training sets as one corpus: decoded pixels in one file, labels in one table, splits kept.

A label that a set does not give is marked as unknown, so that one network learns from all sets at once. Of the training split a
twentieth, chosen by a hash of the file's name, is held out for calibration; no weights are fitted to the validation split.
"""

import csv
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.tasks.attributes import ATTRIBUTE_NAMES
from ml.tasks.emotion import EMOTIONS
from ml.types import F32, RgbU8

SOURCES: Final = ("utkface", "fairface", "fer2013", "celeba", "mask")
SPLITS: Final = ("train", "hold", "val")
UNKNOWN: Final = -1.0
HOLD_SHARE: Final = 0.05
OLDEST: Final = 100
FERPLUS: Final = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}
_FERPLUS_OTHER: Final = ("contempt", "unknown", "NF")
_AGE_RANGES: Final = {"0-2": (0, 2), ">70": (70, OLDEST)}

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labels:
    """One row per image; UNKNOWN where the set says nothing.

    source, split: index into SOURCES, SPLITS. age_low, age_high: years, equal where the exact age is known. gender: 1 male, 0
    female. emotion: index into EMOTIONS. votes: (n, 7) FER+ votes by EMOTIONS, votes_other: for anything else. attributes:
    (n, 40) 0 or 1. mask: 1 or 0. group: race, or the mask set's source, as a number that `names` of the corpus tells.
    """

    source: F32
    split: F32
    age_low: F32
    age_high: F32
    gender: F32
    emotion: F32
    votes: F32
    votes_other: F32
    attributes: F32
    mask: F32
    group: F32

    def take(self, rows: I64) -> "Labels":
        """The given rows, in that order."""
        return Labels(*(getattr(self, field.name)[rows] for field in fields(self)))

    def named(self) -> dict[str, F32]:
        """Columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Images and labels; `groups` names the values of labels.group, `files` the images as "set/file"."""

    pixels: npt.NDArray[np.uint8]
    offsets: I64
    sizes: I64
    labels: Labels
    groups: tuple[str, ...]
    files: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.offsets)

    def image(self, row: int) -> RgbU8:
        """One image, RGB; a view into the file."""
        height, width = self.sizes[row]
        start = self.offsets[row]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    def rows(self, source: str, split: str) -> I64:
        """Which images belong to that set and split."""
        labels = self.labels
        return np.flatnonzero((labels.source == SOURCES.index(source)) & (labels.split == SPLITS.index(split)))


def open_corpus(data_dir: Path, work_dir: Path) -> Corpus:
    """Read the corpus from `work_dir`, building it there from `data_dir` when it is not there yet."""
    index = work_dir / "corpus.npz"
    if not index.exists():
        _build(data_dir, work_dir)
    with np.load(index) as arrays:
        labels = Labels(*(arrays[field.name] for field in fields(Labels)))
        pixels = np.memmap(work_dir / "pixels.u8", np.uint8, "r")
        groups, files = tuple(arrays["groups"].tolist()), tuple(arrays["files"].tolist())
        return Corpus(pixels, arrays["offsets"], arrays["sizes"], labels, groups, files)


def read_rows(data_dir: Path, source: str) -> list[dict[str, str]]:
    """The rows of a set's labels.csv."""
    with (data_dir / source / "labels.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_images(data_dir: Path, source: str, names: list[str]) -> Iterator[RgbU8]:
    """The named images of a set, RGB, in that order."""
    with zipfile.ZipFile(data_dir / source / "images.zip") as archive, ThreadPoolExecutor(2) as pool:
        for start in range(0, len(names), 512):
            encoded = [archive.read(name) for name in names[start : start + 512]]
            yield from pool.map(_decode, encoded)


def split_of(row: Mapping[str, str], source: str) -> str:
    """The split of a row: the set's own, with a fixed part of "train" held out."""
    if row["split"] != "train":
        return row["split"]
    share = zlib.crc32(f"{source}/{row['file']}".encode()) / 2**32
    return "hold" if share < HOLD_SHARE else "train"


def label_row(row: Mapping[str, str], source: str, groups: dict[str, int]) -> dict[str, float | list[float]]:
    """One row of labels.csv as the values of Labels; new group names are numbered in `groups`."""
    low, high = _age(row)
    named = row.get("race") or row.get("source")
    male = row["Male"] if source == "celeba" else row.get("gender", "")
    attributes = [float(row[name]) for name in ATTRIBUTE_NAMES] if source == "celeba" else [UNKNOWN] * 40
    votes = [float(row.get(f"ferplus_{FERPLUS[name]}") or 0) for name in EMOTIONS]
    return {
        "source": float(SOURCES.index(source)),
        "split": float(SPLITS.index(split_of(row, source))),
        "age_low": low,
        "age_high": high,
        "gender": {"male": 1.0, "1": 1.0, "female": 0.0, "0": 0.0}.get(male, UNKNOWN),
        "emotion": float(EMOTIONS.index(row["label"])) if source == "fer2013" else UNKNOWN,
        "votes": votes,
        "votes_other": sum(float(row.get(f"ferplus_{name}") or 0) for name in _FERPLUS_OTHER),
        "attributes": attributes,
        "mask": float(row["label"] == "mask") if source == "mask" else UNKNOWN,
        "group": float(groups.setdefault(named, len(groups))) if named else UNKNOWN,
    }


def _age(row: Mapping[str, str]) -> tuple[float, float]:
    if "age" in row:
        return (min(float(row["age"]), OLDEST),) * 2
    text = row.get("age_range")
    if not text:
        return UNKNOWN, UNKNOWN
    low, high = _AGE_RANGES[text] if text in _AGE_RANGES else text.split("-")
    return float(low), float(high)


def _decode(data: bytes) -> RgbU8:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError("an image of the set cannot be read")
    return np.ascontiguousarray(decoded[..., ::-1])


def _build(data_dir: Path, work_dir: Path) -> None:
    work_dir.mkdir(parents=True, exist_ok=True)
    groups: dict[str, int] = {}
    labels: list[dict[str, float | list[float]]] = []
    sizes: list[tuple[int, int]] = []
    files: list[str] = []
    with (work_dir / "pixels.u8").open("wb") as stream:
        for source in SOURCES:
            rows = read_rows(data_dir, source)
            labels += [label_row(row, source, groups) for row in rows]
            files += [f"{source}/{row['file']}" for row in rows]
            for image in read_images(data_dir, source, [row["file"] for row in rows]):
                stream.write(image.tobytes())
                sizes.append((image.shape[0], image.shape[1]))
    shape = np.array(sizes, np.int64)
    lengths = shape.prod(1) * 3
    columns = {field.name: np.array([row[field.name] for row in labels], np.float32) for field in fields(Labels)}
    np.savez(
        work_dir / "corpus.npz",
        offsets=np.cumsum(lengths) - lengths,
        sizes=shape,
        groups=np.array(list(groups)),
        files=np.array(files),
        **columns,  # type: ignore[arg-type]
    )

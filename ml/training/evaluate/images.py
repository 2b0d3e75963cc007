"""The images of a data set by number, wherever they are kept."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.training.corpus import I64, Corpus
from ml.training.faces import read_image
from ml.types import RgbU8


@dataclass(frozen=True, slots=True)
class Images:
    """Images of one data set: its name, the file names as "set/file", and `read` (number -> RGB)."""

    name: str
    files: tuple[str, ...]
    read: Callable[[int], RgbU8]

    def __len__(self) -> int:
        return len(self.files)


def of_corpus(corpus: Corpus, name: str, rows: I64) -> Images:
    """Some images of the training corpus, by their rows."""
    files = tuple(corpus.files[row] for row in rows.tolist())
    return Images(name, files, lambda place: np.ascontiguousarray(corpus.image(int(rows[place]))))


@contextmanager
def of_folder(folder: Path, files: Sequence[str], name: str | None = None) -> Iterator[Images]:
    """Some images of a data set's zip."""
    name = name or folder.name
    with zipfile.ZipFile(folder / "images.zip") as archive:
        yield Images(
            name, tuple(f"{folder.name}/{file}" for file in files), lambda place: read_image(archive, files[place])
        )

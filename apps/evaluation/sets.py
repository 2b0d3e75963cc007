"""Evaluation sets: take one in, read it, delete it. An uploaded archive is kept as it came and never unpacked to the disk."""

import contextlib
import logging
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.evaluation.models import EvaluationSet
from ml import archive, labelled
from ml.archive import Archive, SetLimits
from ml.errors import FaceError
from ml.images import Limits
from ml.labelled import LabelError, Labelled
from ml.photo import Photo
from ml.tasks.base import USUAL

logger = logging.getLogger(__name__)

ARCHIVE: Final = "images.zip"
SWEEP_SECONDS: Final = 3600.0  # longer than any upload is being checked
TAKEN: Final = "There is a set of that name already."
GONE: Final = "The photographs of {} are gone."


@dataclass(frozen=True)
class DataSet:
    """The validation part of one of the data sets of docs/training.md."""

    name: str
    source: str
    task: str
    skip: bool = False
    emotion_labels: str = USUAL.emotion_labels
    table: str = "labels.csv"


DATA_SETS: Final = (
    DataSet("UTKFace val, age", "utkface", "age"),
    DataSet("UTKFace val, gender", "utkface", "gender"),
    DataSet("FER-2013 PublicTest", "fer2013", "emotion", skip=True, emotion_labels="fer2013"),
    DataSet("CelebA val", "celeba", "attributes"),
    DataSet("Mask val", "mask", "mask"),
    DataSet("HELEN and YouTube Faces val", "landmarks68", "landmarks"),
    DataSet("LFW pairsDevTest", "lfw", "verify", table="pairsDevTest.csv"),
)


@dataclass(frozen=True)
class OpenSet:
    """The labels of a set and the way to its photographs."""

    items: list[Labelled]
    read: Callable[[str], Photo]


def limits() -> SetLimits:
    """The most that a set may hold here."""
    config = settings.HEXAFACE
    image = Limits(max_bytes=config.max_upload_bytes, max_pixels=config.max_pixels)
    return SetLimits(max_bytes=config.max_set_bytes, image=image)


def take_in(
    *,
    name: str,
    task: str,
    skip: bool,
    chunks: Iterable[bytes],
    created_by_id: int | None,
    emotion_labels: str = USUAL.emotion_labels,
) -> EvaluationSet:
    """Check an uploaded archive and keep it.

    Raises:
        LabelError: what is wrong with it, in sentences; nothing is kept then.
    """
    token = secrets.token_urlsafe(24)
    folder = _home() / token
    folder.mkdir(mode=0o700, parents=True)
    try:
        _write(chunks, folder / ARCHIVE, limits().max_bytes)
        checked = archive.check(folder / ARCHIVE, task, limits())
        with transaction.atomic():
            return EvaluationSet.objects.create(
                name=name,
                task=task,
                skip=skip,
                emotion_labels=emotion_labels,
                token=token,
                images=checked.images,
                rows=checked.rows,
                size_bytes=checked.unpacked_bytes,
                created_by_id=created_by_id,
            )
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, IntegrityError):
            raise LabelError([TAKEN]) from error
        raise


def remove_files(*, instance: EvaluationSet, **_signal: object) -> None:
    """Delete the photographs of a set when its row is gone, however it was deleted."""
    token = instance.token
    if token:
        transaction.on_commit(lambda: shutil.rmtree(_home() / token, ignore_errors=True))


def sweep() -> None:
    """Delete folders that belong to no set: a process that died while it took one in, or deleted one, may leave some."""
    known = set(EvaluationSet.objects.values_list("token", flat=True))
    for folder in _home().glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another sweep was faster
            if folder.name not in known and time.time() - folder.stat().st_mtime > SWEEP_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def opened(row: EvaluationSet) -> Iterator[OpenSet]:
    """A set ready to be read. Raises LabelError when its files are gone or damaged."""
    path = archive_of(row)
    if not path.is_file():
        raise LabelError([GONE.format(row.name)])
    most = limits()
    with Archive(path) as files:
        items = _items(row) if row.source else files.items(row.task, most)
        yield OpenSet(items, lambda name: files.photo(name, most.image))


def photo_of(row: EvaluationSet, name: str) -> Photo:
    """One photograph of a set. Raises FaceError when it cannot be read."""
    path = archive_of(row)
    if not path.is_file():
        raise LabelError([GONE.format(row.name)])
    with Archive(path) as files:
        return files.photo(name, limits().image)


def archive_of(row: EvaluationSet) -> Path:
    """Where the photographs of a set lie."""
    return _data() / row.source / ARCHIVE if row.source else _home() / row.token / ARCHIVE


def sync_data_sets() -> None:
    """Make rows for the data sets in HEXAFACE_DATA that have none yet; one that cannot be used is logged and left out."""
    if not settings.HEXAFACE.data:
        return
    known = set(EvaluationSet.objects.exclude(source="").values_list("source", "task"))
    for data in DATA_SETS:
        if (data.source, data.task) in known:
            continue
        path = _data() / data.source / ARCHIVE
        try:
            if path.is_file():
                _add_data_set(data, path)
        except (OSError, ValueError, FaceError, IntegrityError) as error:
            logger.warning("the data set %s cannot be used: %s", data.name, error)


def is_there(row: EvaluationSet) -> bool:
    """Whether the set can be read."""
    return archive_of(row).is_file() and (not row.source or bool(settings.HEXAFACE.data))


def _add_data_set(data: DataSet, path: Path) -> None:
    row = EvaluationSet(
        name=data.name, task=data.task, source=data.source, skip=data.skip, emotion_labels=data.emotion_labels
    )
    items = _items(row)
    row.rows, row.images = len(items), len({name for item in items for name in item.files})
    row.size_bytes = path.stat().st_size
    with transaction.atomic():  # its name may be taken, or another request was faster
        row.save()


def _items(row: EvaluationSet) -> list[Labelled]:
    data = next(entry for entry in DATA_SETS if (entry.source, entry.task) == (row.source, row.task))
    table = _data() / data.source / data.table
    return labelled.read(row.task, table.read_text("utf-8"), most=100_000, keep=_is_val)


def _is_val(row: Mapping[str, str]) -> bool:
    return row.get("split", "val") == "val"


def _write(chunks: Iterable[bytes], path: Path, most: int) -> None:
    written = 0
    with path.open("xb") as stream:
        for chunk in chunks:
            written += len(chunk)
            if written > most:
                raise LabelError([f"The archive has more than {most:,} bytes."])
            stream.write(chunk)


def _data() -> Path:
    folder: Path | None = settings.HEXAFACE.data_folder
    return folder or _home() / "no data sets"


def _home() -> Path:
    return Path(settings.HEXAFACE.home) / "evaluation"

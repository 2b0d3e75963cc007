"""Labelled photographs in a zip archive. Nothing is unpacked to the disk; what an archive claims is checked before it is believed."""

import stat
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ml import labelled
from ml.errors import FaceError, InvalidRequest, TooLarge
from ml.images import Limits, decode
from ml.labelled import MAX_TOLD, LabelError, Labelled
from ml.photo import Photo

TABLES: Final = ("labels.csv", "pairs.csv")
MAX_TABLE_BYTES: Final = 20_000_000
MAX_DIRECTORY_BYTES: Final = (
    4_000_000  # of the archive's list of files: some 40,000 names, read before any other limit can hold
)
MAX_NAME: Final = 150
_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR_64: Final = b"PK\x06\x07"
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class SetLimits:
    """The most that a set may hold. max_bytes: of the archive, and of all files unpacked. max_total_pixels: of all photographs."""

    max_bytes: int = 200_000_000
    max_images: int = 5_000
    max_rows: int = 20_000
    max_total_pixels: int = 1_000_000_000
    image: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Checked:
    """What is in a set that has been checked."""

    images: int
    rows: int
    unpacked_bytes: int


class Archive:
    """An open archive. Raises LabelError when it is not a zip file that is read here."""

    def __init__(self, path: Path) -> None:
        _check_end(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise LabelError([f"The archive is damaged: {error}."]) from error

    def __enter__(self) -> Self:
        """Use it as a context."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._zip.close()

    @property
    def entries(self) -> Sequence[zipfile.ZipInfo]:
        """All entries as the archive lists them."""
        return self._zip.infolist()

    @property
    def images(self) -> list[str]:
        """Names of the photographs."""
        return [name for name in self._zip.namelist() if name not in TABLES]

    def read(self, name: str, most: int) -> bytes:
        """A file's bytes. Raises InvalidRequest when it is missing or damaged, TooLarge beyond `most` bytes."""
        try:
            info = self._zip.getinfo(name)
        except KeyError:
            raise InvalidRequest(f"{name} is not in the archive.") from None
        if info.file_size > most:
            raise TooLarge(f"{name} has {info.file_size:,} bytes; at most {most:,} are read.")
        try:
            with self._zip.open(info) as stream:
                data = stream.read(most + 1)
        except Exception as error:  # zipfile and zlib raise whatever the bytes make them
            raise InvalidRequest(f"{name} is damaged: {error}") from error
        if len(data) != info.file_size:
            raise InvalidRequest(f"{name} has another size than the archive says.")
        return data

    def photo(self, name: str, limits: Limits) -> Photo:
        """A photograph. Raises FaceError when it cannot be read."""
        return decode(self.read(name, limits.max_bytes), limits)

    def items(self, task: str, limits: SetLimits) -> list[Labelled]:
        """The labels of a task. Raises LabelError."""
        name = labelled.table_name(task)
        if name not in self._zip.namelist():
            raise LabelError([f"The archive has no {name}."])
        try:
            text = self.read(name, MAX_TABLE_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise LabelError([f"{name} is not text in UTF-8."]) from error
        except FaceError as error:
            raise LabelError([error.message]) from error
        return labelled.read(task, text, most=limits.max_rows)


def check(path: Path, task: str, limits: SetLimits, tell: Callable[[float], None] = lambda _share: None) -> Checked:
    """Check an archive from its end to the last pixel. Raises LabelError with sentences for people."""
    with Archive(path) as archive:
        _raise(_entry_problems(archive.entries, limits))
        items = archive.items(task, limits)
        _raise(_missing(items, archive.images))
        _raise(_picture_problems(archive, limits, tell))
        return Checked(len(archive.images), len(items), sum(entry.file_size for entry in archive.entries))


def _raise(problems: Sequence[str]) -> None:
    if problems:
        raise LabelError(problems)


def _check_end(path: Path) -> None:
    """Look at the end record before zipfile reads the list of files: the list is read as a whole, however long it is."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _END.size - 20))
        tail = stream.read()
    record = tail[-_END.size :]
    if len(record) < _END.size or not record.startswith(b"PK\x05\x06"):
        raise LabelError(["This is not a zip archive, or one with a comment at its end, or it is cut short."])
    *_, directory, _offset, comment = _END.unpack(record)
    if comment or _LOCATOR_64 in tail[: -_END.size]:
        raise LabelError(["The archive has a comment or is of the zip64 kind; make a plain zip archive."])
    if directory > MAX_DIRECTORY_BYTES:
        raise LabelError(["The archive lists far too many files."])


def _entry_problems(entries: Sequence[zipfile.ZipInfo], limits: SetLimits) -> list[str]:
    images = len([entry for entry in entries if entry.filename not in TABLES])
    if images > limits.max_images:
        return [f"The archive has {images:,} photographs; at most {limits.max_images:,} are read."]
    total = sum(entry.file_size for entry in entries)
    if total > limits.max_bytes:
        return [f"Unpacked, the archive has {total:,} bytes; at most {limits.max_bytes:,} are read."]
    problems = [problem for entry in entries if (problem := _entry_problem(entry, limits))]
    names = Counter(entry.filename.casefold() for entry in entries)
    problems += [f"{_shown(name)} is in the archive {count} times." for name, count in names.items() if count > 1]
    return problems


def _entry_problem(entry: zipfile.ZipInfo, limits: SetLimits) -> str:
    name, most = entry.filename, MAX_TABLE_BYTES if entry.filename in TABLES else limits.image.max_bytes
    if entry.is_dir() or any(mark in entry.orig_filename for mark in "/\\\0") or name in {"", ".", ".."}:
        return f"{_shown(name)}: files lie at the top of the archive, not in folders."
    if not name.isprintable() or len(name) > MAX_NAME:
        return f"{_shown(name)}: a name has at most {MAX_NAME} characters that can be printed."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return f"{_shown(name)} is a link."
    if entry.flag_bits & 1:
        return f"{_shown(name)} has a password."
    if entry.compress_type not in _METHODS:
        return f"{_shown(name)} is packed in a way that is not read here."
    return f"{_shown(name)} has {entry.file_size:,} bytes; at most {most:,} are read." if entry.file_size > most else ""


def _missing(items: Sequence[Labelled], images: Sequence[str]) -> list[str]:
    there, labels = set(images), {name for item in items for name in item.files}
    problems = [
        f"Line {item.line}: {_shown(name)} is not in the archive."
        for item in items
        for name in item.files
        if name not in there
    ]
    return problems + [f"{_shown(name)} has no label." for name in images if name not in labels]


def _picture_problems(archive: Archive, limits: SetLimits, tell: Callable[[float], None]) -> list[str]:
    problems, pixels, names = [], 0, archive.images
    for number, name in enumerate(names):
        tell(number / len(names))
        try:
            photo = archive.photo(name, limits.image)
        except FaceError as error:
            problems.append(f"{_shown(name)}: {error.message}")
            if len(problems) > MAX_TOLD:  # no more are told, and each may have cost as much as a photograph
                break
            continue
        pixels += photo.width * photo.height
        if pixels > limits.max_total_pixels:
            return [f"The photographs have more than {limits.max_total_pixels / 1e6:,.0f} megapixels together."]
    return problems


def _shown(name: str) -> str:
    short = name if len(name) <= 60 else name[:60] + "…"
    return "".join(letter if letter.isprintable() else "?" for letter in short)

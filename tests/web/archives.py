"""Zip archives for evaluation sets: good ones for every task, and hostile ones."""

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Final

from PIL import Image

from ml.tasks.attributes import ATTRIBUTE_NAMES
from tests.web.photographs import GOOD, PHOTOS

FACE: Final = GOOD["jpeg"]
POINTS: Final = [f"{axis}{i}" for i in range(68) for axis in "xy"]
HEADERS: Final = {
    "age": "file,age",
    "gender": "file,gender",
    "emotion": "file,label",
    "mask": "file,label",
    "attributes": ",".join(["file", *ATTRIBUTE_NAMES]),
    "landmarks": ",".join(["file", *POINTS]),
}
TRUTHS: Final = {
    "age": "35",
    "gender": "female",
    "emotion": "happy",
    "mask": "no_mask",
    "attributes": ",".join(["1", "0"] * 20),
    "landmarks": ",".join(str(60 + (7 * i) % 120) for i in range(136)),
}


def packed(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def faces() -> dict[str, bytes]:
    """One face three times, and a picture without one."""
    mirrored = PHOTOS.encode(PHOTOS.face.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    grey = PHOTOS.encode(PHOTOS.face.convert("L"))
    return {"a.jpg": FACE, "b <i>.jpg": mirrored, "c.jpg": grey, "wall.jpg": PHOTOS.blank()}


def good(task: str) -> bytes:
    """A set that can be used."""
    images = faces()
    if task == "verify":
        table = "file1,file2,same\na.jpg,b <i>.jpg,1\na.jpg,c.jpg,1\nc.jpg,b <i>.jpg,0\na.jpg,wall.jpg,0\n"
        return packed({"pairs.csv": table, **images})
    rows = "".join(f"{name},{TRUTHS[task]}\n" for name in images)
    return packed({"labels.csv": f"{HEADERS[task]}\n{rows}", **images})


def labelled(text: str, **images: bytes) -> bytes:
    """Ages as given, with one photograph unless others are."""
    return packed({"labels.csv": text, **(images or {"a.jpg": FACE})})


def bomb() -> bytes:
    """A few kilobytes that say they are 30 megabytes."""
    return labelled("file,age\na.jpg,3\n", **{"a.jpg": b"\0" * 30_000_000})


def lying_bomb() -> bytes:
    """The same, but the archive claims that the file is small."""
    data = bytearray(bomb())
    true, false = struct.pack("<I", 30_000_000), struct.pack("<I", 5_000)
    return bytes(data.replace(true, false))


def named(name: str) -> bytes:
    """A photograph under a name that must not be."""
    return packed({"labels.csv": f'file,age\n"{name}",3\n', name: FACE})


def duplicate() -> bytes:
    """Two files of one name."""
    data = packed({"labels.csv": "file,age\na.jpg,3\nb.jpg,4\n", "a.jpg": FACE, "b.jpg": FACE})
    return data.replace(b"b.jpg", b"a.jpg").replace(b"a.jpg,4", b"b.jpg,4")


def link() -> bytes:
    """A symbolic link to a file of the server."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("labels.csv", "file,age\na.jpg,3\n")
        entry = zipfile.ZipInfo("a.jpg")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return stream.getvalue()


def locked() -> bytes:
    """Marked as encrypted."""
    data = bytearray(labelled("file,age\na.jpg,3\n"))
    place = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[place + 8] |= 1
    return bytes(data)


def long_directory() -> bytes:
    """An end record that claims a list of files of a gigabyte."""
    data = bytearray(labelled("file,age\na.jpg,3\n"))
    data[-10:-6] = struct.pack("<I", 2**30)
    return bytes(data)


def flipped() -> bytes:
    """One byte of a photograph is another: the check sum does not fit."""
    data = bytearray(packed({"labels.csv": "file,age\na.jpg,3\n", "a.jpg": FACE}, zipfile.ZIP_STORED))
    data[data.index(FACE) + 500] ^= 0xFF
    return bytes(data)


def with_comment() -> bytes:
    """A comment at the end may hide another end record."""
    stream = io.BytesIO(good("age"))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = b"PK\x05\x06 and so on"
    return stream.getvalue()


HOSTILE: Final[dict[str, tuple[bytes, str]]] = {
    "empty": (b"", "not a zip archive"),
    "not an archive": (b"This is not an archive.\n" * 99, "not a zip archive"),
    "a photograph": (FACE, "not a zip archive"),
    "cut short": (good("age")[:-30], "not a zip archive"),
    "comment": (with_comment(), "comment"),
    "long list of files": (long_directory(), "far too many files"),
    "no table": (packed({"a.jpg": FACE}), "no labels.csv"),
    "empty table": (labelled(""), "no column file, age"),
    "only a header": (labelled("file,age\n"), "has no rows"),
    "no column": (labelled("file,years\na.jpg,3\n"), "Line 1: labels.csv has no column age"),
    "column twice": (labelled("file,age,age\na.jpg,3,4\n"), "more than one column age"),
    "not a number": (labelled("file,age\na.jpg,old\n"), "Line 2: age is 'old', not a number"),
    "not finite": (labelled("file,age\na.jpg,nan\n"), "Line 2: age is 'nan', not a number"),
    "out of range": (labelled("file,age\na.jpg,400\n"), "Line 2: age is 400, not 0 to 120"),
    "too few fields": (labelled("file,age\na.jpg\n"), "Line 2: more or fewer fields"),
    "too many fields": (labelled("file,age\na.jpg,3,4\n"), "Line 2: more or fewer fields"),
    "no name": (labelled("file,age\n,3\n"), "Line 2: file is empty"),
    "row twice": (labelled("file,age\na.jpg,3\na.jpg,3\n"), "Line 3: the same as line 2"),
    "open quote": (labelled('file,age\n"a.jpg,3\n'), "unexpected end of data"),
    "not UTF-8": (packed({"labels.csv": b"file,age\n\xff\xfe,3\n", "a.jpg": FACE}), "not text in UTF-8"),
    "missing photograph": (labelled("file,age\na.jpg,3\nb.jpg,4\n"), "Line 3: b.jpg is not in the archive"),
    "missing label": (labelled("file,age\na.jpg,3\n", **{"a.jpg": FACE, "b.jpg": FACE}), "b.jpg has no label"),
    "not an image": (labelled("file,age\na.jpg,3\n", **{"a.jpg": b"GIF or not"}), "a.jpg: This is not a photograph"),
    "damaged image": (labelled("file,age\na.jpg,3\n", **{"a.jpg": FACE[:2000]}), "a.jpg: The photograph is damaged"),
    "too many pixels": (
        labelled("file,age\na.jpg,3\n", **{"a.jpg": PHOTOS.encode(Image.new("1", (10_000, 6_000)), "PNG")}),
        "at most 50 megapixels",
    ),
    "wrong check sum": (flipped(), "a.jpg: a.jpg is damaged"),
    "bomb": (bomb(), "a.jpg has 30,000,000 bytes; at most 20,000,000"),
    "lying bomb": (lying_bomb(), "a.jpg"),
    "folder": (named("faces/a.jpg"), "not in folders"),
    "path upwards": (named("../../a.jpg"), "not in folders"),
    "absolute path": (named("/etc/cron.d/a.jpg"), "not in folders"),
    "backslashes": (named("..\\a.jpg"), "not in folders"),
    "long name": (named("a" * 200 + ".jpg"), "at most 150 characters"),
    "line break in a name": (named("a\nb.jpg"), "can be printed"),
    "link": (link(), "a.jpg is a link"),
    "password": (locked(), "has a password"),
    "packed oddly": (packed({"labels.csv": "file,age\na.jpg,3\n", "a.jpg": FACE}, zipfile.ZIP_LZMA), "packed in a way"),
    "one name twice": (duplicate(), "a.jpg is in the archive 2 times"),
    "capitals": (
        labelled("file,age\na.jpg,3\nA.JPG,4\n", **{"a.jpg": FACE, "A.JPG": FACE}),
        "a.jpg is in the archive 2 times",
    ),
}

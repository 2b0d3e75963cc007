"""Labels of an evaluation set: labels.csv or pairs.csv, read strictly. Every mistake is told with its line."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml.errors import InvalidRequest
from ml.tasks.attributes import ATTRIBUTE_NAMES
from ml.tasks.emotion import EMOTIONS

GENDERS: Final = ("female", "male")
MASKS: Final = ("no_mask", "mask")
VERDICTS: Final = ("different", "same")
POINTS: Final = 68
OLDEST: Final = 120.0
MAX_TOLD: Final = 20
"""So many mistakes are told at most; more do not help."""

Truth = Any
"""age: years. gender, emotion, mask, verify: the label. attributes: forty booleans. landmarks: (68, 2), NaN where not visible."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One item of a set: one file, or the two of a pair, and what is true of it."""

    files: tuple[str, ...]
    truth: Truth
    line: int = 0


class LabelError(InvalidRequest):
    """The labels cannot be used; `problems` are sentences, most with the number of a line."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - MAX_TOLD
        self.problems = [*problems[:MAX_TOLD], *([f"and {more:,} more"] if more > 0 else [])]
        super().__init__(" ".join(self.problems))


@dataclass(frozen=True, slots=True)
class _Format:
    columns: tuple[str, ...]
    read: Callable[[Mapping[str, str]], Truth]


def table_name(task: str) -> str:
    """The file that holds the labels of a task."""
    return "pairs.csv" if task == "verify" else "labels.csv"


def columns(task: str) -> tuple[str, ...]:
    """The columns that a task's table must have, those with the names of files first."""
    return _FORMATS[task].columns


def tasks() -> tuple[str, ...]:
    """Tasks that sets can be made for."""
    return tuple(_FORMATS)


def read(
    task: str, text: str, *, most: int, keep: Callable[[Mapping[str, str]], bool] = lambda _row: True
) -> list[Labelled]:
    """Rows of a table; at most `most`. Other columns are ignored. `keep` may leave rows out (those of another split).

    Raises LabelError with all that is wrong.
    """
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = list(rows.fieldnames or ())
        _check_header(task, header)
        return _rows(task, rows, most, keep)
    except csv.Error as error:
        raise LabelError([f"Line {rows.line_num}: {error}."]) from error


def _check_header(task: str, header: list[str]) -> None:
    name, wanted = table_name(task), columns(task)
    missing = [column for column in wanted if column not in header]
    if missing:
        raise LabelError([f"Line 1: {name} has no column {', '.join(missing[:10])}."])
    twice = sorted({column for column in header if header.count(column) > 1 and column in wanted})
    if twice:
        raise LabelError([f"Line 1: {name} has more than one column {', '.join(twice)}."])


def _rows(
    task: str, rows: "csv.DictReader[str]", most: int, keep: Callable[[Mapping[str, str]], bool]
) -> list[Labelled]:
    files = [column for column in columns(task) if column.startswith("file")]
    found: list[Labelled] = []
    seen: dict[tuple[str, ...], int] = {}
    problems: list[str] = []
    for row in rows:
        if not keep(row):
            continue
        if len(found) + len(problems) >= most:
            raise LabelError([f"Line {rows.line_num}: there are more than {most:,} rows.", *problems])
        try:
            item = _item(task, row, files, rows.line_num)
            if item.files in seen:
                raise ValueError(f"the same as line {seen[item.files]}")  # noqa: TRY301
            seen[item.files] = rows.line_num
            found.append(item)
        except ValueError as error:
            problems.append(f"Line {rows.line_num}: {error}.")
    if problems or not found:
        raise LabelError(problems or [f"{table_name(task)} has no rows."])
    return found


def _item(task: str, row: Mapping[str, Any], files: list[str], line: int) -> Labelled:
    if None in row or None in row.values():
        raise ValueError("more or fewer fields than the first line has")
    names = tuple(row[column].strip() for column in files)
    if not all(names):
        raise ValueError(f"{files[names.index('')]} is empty")
    return Labelled(names, _FORMATS[task].read(row), line)


def _age(row: Mapping[str, str]) -> float:
    years = _number(row, "age")
    if not 0 <= years <= OLDEST:
        raise ValueError(f"age is {years:g}, not 0 to {OLDEST:g}")
    return years


def _number(row: Mapping[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{column} is {_shown(row[column])}, not a number")
    return value


def _one_of(column: str, choices: Sequence[str]) -> Callable[[Mapping[str, str]], str]:
    def choose(row: Mapping[str, str]) -> str:
        value = row[column].strip()
        if value not in choices:
            raise ValueError(f"{column} is {_shown(value)}, not {', '.join(choices[:-1])} or {choices[-1]}")
        return value

    return choose


def _binary(row: Mapping[str, str], column: str) -> bool:
    value = row[column].strip()
    if value not in {"0", "1"}:
        raise ValueError(f"{column} is {_shown(value)}, not 0 or 1")
    return value == "1"


def _attributes(row: Mapping[str, str]) -> tuple[bool, ...]:
    return tuple(_binary(row, name) for name in ATTRIBUTE_NAMES)


def _same(row: Mapping[str, str]) -> str:
    return VERDICTS[_binary(row, "same")]


def _points(row: Mapping[str, str]) -> Any:
    points_xy = np.array([[_number(row, f"x{i}"), _number(row, f"y{i}")] for i in range(POINTS)])
    points_xy[(points_xy == 0).all(1)] = np.nan
    if np.isnan(points_xy[[36, 45]]).any():
        raise ValueError("x36, y36, x45, y45 (the outer corners of the eyes) must be known")
    if (points_xy[36] == points_xy[45]).all():
        raise ValueError("the outer corners of the eyes are one point")
    return points_xy


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


_FORMATS: Final[dict[str, _Format]] = {
    "age": _Format(("file", "age"), _age),
    "gender": _Format(("file", "gender"), _one_of("gender", GENDERS)),
    "emotion": _Format(("file", "label"), _one_of("label", EMOTIONS)),
    "mask": _Format(("file", "label"), _one_of("label", MASKS)),
    "attributes": _Format(("file", *ATTRIBUTE_NAMES), _attributes),
    "landmarks": _Format(("file", *(f"{axis}{i}" for i in range(POINTS) for axis in "xy")), _points),
    "verify": _Format(("file1", "file2", "same"), _same),
}

"""The tables of growth."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.summary import number
from bench.tables import table

Section = Mapping[str, Any]


def growth_tables(growth: Section) -> Iterator[str]:
    """Markdown."""
    yield f"Everything, from JPEG bytes to the answer. Faces on a canvas of {growth['canvas']}; without a face, detection alone."
    yield _table("faces", growth["faces"])
    yield "One scene in several sizes: a portrait whose face takes a sixth of the height."
    yield _table("megapixels", growth["pixels"])
    if growth["small_faces"]:
        yield (
            "The hard case, twenty small faces: a large photograph is then decoded a second time, whole, since its reduced pixels are too "
            "few for their crops."
        )
        yield _table("megapixels", growth["small_faces"])


def _table(name: str, rows: Sequence[Section]) -> str:
    """One line per file: both numbers of threads side by side."""
    labels = list(dict.fromkeys(row[name] for row in rows))
    threads = sorted({row["threads"] for row in rows})
    head = [
        name,
        "size",
        "file MB",
        "faces found",
        *(f"{count} thread{'s' * (count > 1)} ms" for count in threads),
        "of it decoding ms",
        "most memory MB",
    ]
    lines = []
    for label in labels:
        own = [row for row in rows if row[name] == label]
        last = own[-1]
        lines.append(
            [
                f"{label:g}",
                last["size"],
                f"{last['bytes'] / 1e6:.2f}",
                str(last["found"]),
                *(f"{number(row['median_ms'])} ({number(row['low_ms'])} to {number(row['high_ms'])})" for row in own),
                number(last["decode_ms"]),
                number(last["peak_mb"]),
            ]
        )
    return table(head, lines)

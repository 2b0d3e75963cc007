"""Small charts as SVG text: bars with intervals, lines, and a table of counts. The same input always gives the same text.

Colours follow the reader's light or dark setting; every chart has a title and a description for those who do not see it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 640
LEFT: Final = 150
RIGHT: Final = 40
TOP: Final = 44
_KEYS: Final = 3  # of lines, beside each other
ROW: Final = 20
SERIES: Final = ("a", "b", "c", "d")
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#1b2430}.t{font-weight:650;font-size:14px}.m{fill:#56606b;font-size:11px}"
    ".p{fill:#fffdf9}.g{stroke:#dcd6c8}.w{stroke:#1b2430}.r{stroke:#56606b;stroke-dasharray:4 3}.l{fill:none;stroke-width:2}"
    ".fa{fill:#0b5d61}.fb{fill:#e6a11a}.fc{fill:#a32d1b}.fd{fill:#56606b}"
    ".sa{stroke:#0b5d61}.sb{stroke:#b87c00}.sc{stroke:#a32d1b}.sd{stroke:#56606b}"
    "@media(prefers-color-scheme:dark){text{fill:#e9edef}.m{fill:#a6b1ba}.p{fill:#182027}.g{stroke:#2b3640}.w{stroke:#e9edef}"
    ".r{stroke:#a6b1ba}.fa{fill:#3f9e96}.fb{fill:#f3bd4d}.fc{fill:#ff9f8d}.fd{fill:#a6b1ba}"
    ".sa{stroke:#6fd1c7}.sb{stroke:#f3bd4d}.sc{stroke:#ff9f8d}.sd{stroke:#a6b1ba}}"
)

Bar = tuple[str, float, float, float]
"""(label, value, low, high)."""
Points = Sequence[tuple[float, float]]


def bars(
    title: str, rows: Sequence[Bar], *, unit: str = "", reference: float | None = None, top: float | None = None
) -> str:
    """Horizontal bars with their intervals as whiskers; `reference` is drawn as a line, for example a target."""
    most = top if top is not None else _round_up(max((row[3] for row in rows), default=1.0))
    scale = (WIDTH - LEFT - RIGHT - 50) / most
    height = TOP + ROW * len(rows) + 44
    parts = [_grid(most, scale, height)]
    for place, (label, value, low, high) in enumerate(rows):
        y = TOP + ROW * place
        middle = y + ROW / 2 - 1
        parts.append(
            f'<text x="{LEFT - 8}" y="{_n(middle + 4)}" text-anchor="end">{escape(label)}</text>'
            f'<rect class="fa" x="{LEFT}" y="{y + 3}" width="{_n(min(value, most) * scale)}" height="{ROW - 8}" opacity=".75"/>'
            f'<path class="w" d="M{_n(LEFT + low * scale)} {_n(middle)}H{_n(LEFT + min(high, most) * scale)}"/>'
            f'<text class="m" x="{_n(LEFT + min(high, most) * scale + 6)}" y="{_n(middle + 4)}">{_number(value)}</text>'
        )
    if reference is not None:
        x = _n(LEFT + reference * scale)
        parts.append(f'<path class="r" d="M{x} {TOP - 6}V{height - 40}"/>')
        parts.append(f'<text class="m" x="{x}" y="{TOP - 9}" text-anchor="middle">{_number(reference)}</text>')
    parts.append(f'<text class="m" x="{LEFT}" y="{height - 8}">{escape(unit)}</text>')
    words = "; ".join(
        f"{label} {_number(value)} ({_number(low)} to {_number(high)})" for label, value, low, high in rows
    )
    return document(title, words, height, parts)


def _grid(most: float, scale: float, height: int) -> str:
    parts = []
    for step in range(6):
        x = _n(LEFT + most * step / 5 * scale)
        parts.append(f'<path class="g" d="M{x} {TOP - 4}V{height - 40}"/>')
        parts.append(
            f'<text class="m" x="{x}" y="{height - 25}" text-anchor="middle">{_number(most * step / 5)}</text>'
        )
    return "".join(parts)


def table(title: str, names: Sequence[str], counts: Mapping[str, Mapping[str, int]], *, note: str = "") -> str:
    """True class by row, answered class by column; a cell's shade and number are its share of the row in per cent."""
    cell = (WIDTH - LEFT - RIGHT) / len(names)
    side = 34
    height = TOP + 22 + side * len(names) + 24
    parts = []
    for column, name in enumerate(names):
        parts.append(
            f'<text class="m" x="{_n(LEFT + cell * (column + 0.5))}" y="{TOP + 12}" text-anchor="middle">{escape(name)}</text>'
        )
    words = []
    for line, truth in enumerate(names):
        y = TOP + 22 + side * line
        total = max(sum(counts[truth].values()), 1)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 21}" text-anchor="end">{escape(truth)}</text>')
        for column, said in enumerate(names):
            share = counts[truth][said] / total
            x = LEFT + cell * column
            parts.append(
                f'<rect class="fa" x="{_n(x)}" y="{y}" width="{_n(cell - 2)}" height="{side - 2}" opacity="{_n(0.06 + 0.6 * share)}"/>'
                f'<text x="{_n(x + cell / 2 - 1)}" y="{y + 21}" text-anchor="middle">{100 * share:.0f}</text>'
            )
        words.append(f"{truth}: {100 * counts[truth][truth] / total:.0f} % right of {total}")
    parts.append(f'<text class="m" x="{LEFT}" y="{height - 6}">{escape(note)}</text>')
    return document(title, "; ".join(words), height, parts)


def lines(
    title: str, series: Mapping[str, Points], *, x: tuple[float, float], y: tuple[float, float], axes: tuple[str, str],
    log: bool = False, diagonal: bool = False,
) -> str:  # fmt: skip
    """Up to four lines over one pair of axes from x[0] to x[1] and y[0] to y[1], in powers of ten with `log`."""
    below = 18 * ((len(series) - 1) // _KEYS)
    height = 420 + below
    left, bottom, width, tall = 70, height - 50 - below, WIDTH - 70 - RIGHT, height - 50 - below - TOP

    def along(value: float, span: tuple[float, float]) -> float:
        low, high, value = (math.log10(v) if log else v for v in (*span, min(max(value, span[0]), span[1])))
        return (value - low) / (high - low)

    def place(point: tuple[float, float]) -> str:
        return f"{_n(left + width * along(point[0], x))} {_n(bottom - tall * along(point[1], y))}"

    parts = []
    for tick in _ticks(x, log=log):
        at = _n(left + width * along(tick, x))
        parts.append(
            f'<path class="g" d="M{at} {TOP}V{bottom}"/><text class="m" x="{at}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
        )
    for tick in _ticks(y, log=log):
        at = _n(bottom - tall * along(tick, y))
        parts.append(
            f'<path class="g" d="M{left} {at}h{width}"/><text class="m" x="{left - 6}" y="{at}" dy="4" text-anchor="end">{tick:g}</text>'
        )
    if diagonal:
        parts.append(f'<path class="r" d="M{place((x[0], y[0]))}L{place((x[1], y[1]))}"/>')
    for number, (kind, (name, points)) in enumerate(zip(SERIES, series.items(), strict=False)):
        parts.append(f'<path class="l s{kind}" d="M{"L".join(place(point) for point in points)}"/>')
        line, column = divmod(number, _KEYS)
        key, level = left + 12 + 170 * column, bottom + 36 + 18 * line
        parts.append(
            f'<path class="l s{kind}" d="M{key} {level}h18"/><text x="{key + 24}" y="{level + 4}">{escape(name)}</text>'
        )
    parts.append(f'<text class="m" x="{left + width}" y="{bottom + 30}" text-anchor="end">{escape(axes[0])}</text>')
    parts.append(f'<text class="m" x="{left}" y="{TOP - 8}">{escape(axes[1])}</text>')
    words = "; ".join(
        f"{name}: " + ", ".join(f"{a:g} {b:g}" for a, b in points[:: max(1, len(points) // 5)])
        for name, points in series.items()
    )
    return document(title, words, height, parts)


def _ticks(span: tuple[float, float], *, log: bool) -> list[float]:
    low, high = span
    if not log:
        return [round(low + (high - low) * step / 5, 4) for step in range(6)]
    return [10.0**power for power in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]


def document(title: str, words: str, height: float, parts: Sequence[str]) -> str:
    """The SVG file: a card with a title."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(height)}" width="{WIDTH}" height="{_n(height)}" role="img">\n'
        f"<title>{escape(title)}</title>\n<desc>{escape(words)}</desc>\n<style>{_STYLE}</style>\n"
        f'<rect class="p" width="{WIDTH}" height="{_n(height)}" rx="10"/>\n<text class="t" x="14" y="22">{escape(title)}</text>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _number(value: float) -> str:
    return f"{value:.3g}"


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 2.5, 3, 4, 5, 7.5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if step * power >= value * (1 - 1e-9))

"""Shapes that are drawn over a photograph, in pixels of the upright photograph (= the SVG's viewBox).

Everything here is plain arithmetic on the API's JSON; colours and the like are the stylesheet's business.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SHOWN_WIDTH: Final = 600.0
"""Width in CSS pixels that a photograph is assumed to be shown at; a script corrects the tags for the real one."""
TAG_HEIGHT: Final = 22.0
_LETTER: Final = 7.6
_OPEN_TAGS: Final = 8
_OPEN_FACE: Final = 48.0


@dataclass(frozen=True, slots=True)
class Tag:
    """A label in CSS pixels, placed by `transform` (translate and scale into pixels of the photograph)."""

    transform: str
    width: float
    brief: str
    full: str
    open: bool


@dataclass(frozen=True, slots=True)
class Dots:
    """Points as one path of zero-length strokes; `core` and `halo` are stroke widths in pixels of the photograph."""

    path: str
    core: float
    halo: float


@dataclass(frozen=True, slots=True)
class Mark:
    """All that is drawn for one face."""

    number: int
    x: float
    y: float
    width: float
    height: float
    corners: str
    dots: tuple[Dots, ...]
    tag: Tag
    dimmed: bool

    @property
    def bottom(self) -> float:
        """Lower edge of the box."""
        return self.y + self.height


def marks(faces: Sequence[Mapping[str, Any]], labels: Sequence[str], size: tuple[float, float]) -> list[Mark]:
    """One mark per face; `labels` are the texts after the numbers, `size` is (width, height) of the photograph."""
    crowd = len(faces) > _OPEN_TAGS
    return [
        _mark(number, face, label, size, crowd=crowd)
        for number, (face, label) in enumerate(zip(faces, labels, strict=True), start=1)
    ]


def compared(
    candidates: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any], label: str, size: tuple[float, float]
) -> list[Mark]:
    """The faces of a photograph, the one that was compared last; where there are several, with the numbers by which they are chosen."""
    marks = []
    for number, face in enumerate(candidates):
        if dict(face["box"]) != dict(chosen["box"]):
            marks.append(_mark(0, face, str(number), size, crowd=True, is_dimmed=True))
        elif len(candidates) > 1:
            label = f"{number} · {label}"
    return [*marks, _mark(0, chosen, label, size, crowd=False)]


def thumbnail(box: Mapping[str, float], margin: float = 0.15) -> str:
    """The viewBox of a face's cut-out: the box with a margin, as tall as the hexagon it is shown in."""
    width = max(box["width"], box["height"] / 1.1) * (1 + 2 * margin)
    height = width * 1.1
    x = box["x"] + box["width"] / 2 - width / 2
    y = box["y"] + box["height"] / 2 - height / 2
    return f"{x:.1f} {y:.1f} {width:.1f} {height:.1f}"


def closeup(box: Mapping[str, float], points: Sequence[Sequence[float]]) -> str:
    """Square viewBox with the whole box and all points in it."""
    xs = [box["x"], box["x"] + box["width"], *(x for x, _ in points)]
    ys = [box["y"], box["y"] + box["height"], *(y for _, y in points)]
    side = 1.1 * max(max(xs) - min(xs), max(ys) - min(ys))
    return f"{(max(xs) + min(xs) - side) / 2:.1f} {(max(ys) + min(ys) - side) / 2:.1f} {side:.1f} {side:.1f}"


def dots(points: Sequence[Sequence[float]], face: float, least: float = 0.0) -> Dots:
    """Points in sizes that suit the face; `face` is its longer side, `least` the smallest size that can be seen."""
    share = 0.04 if len(points) <= 15 else 0.022 if len(points) <= 100 else 0.009
    core = max(share * face, least if len(points) <= 100 else least * 0.6)
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)
    return Dots(path, round(core, 2), round(core * 1.7, 2))


def _mark(
    number: int, face: Mapping[str, Any], label: str, size: tuple[float, float], *, crowd: bool, is_dimmed: bool = False
) -> Mark:
    box = face["box"]
    x, y, width, height = (float(box[key]) for key in ("x", "y", "width", "height"))
    groups = [] if is_dimmed else list(_point_groups(face.get("result") or {}))
    return Mark(
        number=number,
        x=x,
        y=y,
        width=width,
        height=height,
        corners=_corners(x, y, width, height),
        dots=tuple(dots(points, max(width, height), 1.6 * size[0] / SHOWN_WIDTH) for points in groups),
        tag=_tag(number, label, (x, y, width, height), size, crowd=crowd),
        dimmed=is_dimmed,
    )


def _corners(x: float, y: float, width: float, height: float) -> str:
    arm = 0.2 * min(width, height)
    right, bottom = x + width, y + height
    return (
        f"M{x:.1f} {y + arm:.1f}V{y:.1f}H{x + arm:.1f}M{right - arm:.1f} {y:.1f}H{right:.1f}V{y + arm:.1f}"
        f"M{right:.1f} {bottom - arm:.1f}V{bottom:.1f}H{right - arm:.1f}M{x + arm:.1f} {bottom:.1f}H{x:.1f}V{bottom - arm:.1f}"
    )


def _point_groups(result: Mapping[str, Any]) -> Iterable[list[Sequence[float]]]:
    """Every "points" of a result, also of the tasks inside an analyze result; the largest set alone is worth drawing."""
    found = [result["points"]] if "points" in result else []
    found += [part["points"] for part in result.values() if isinstance(part, Mapping) and "points" in part]
    sets = [list(points.values()) if isinstance(points, Mapping) else list(points) for points in found]
    return sorted(sets, key=len)[-1:]


def _tag(
    number: int, label: str, box: tuple[float, float, float, float], size: tuple[float, float], *, crowd: bool
) -> Tag:
    x, y, face_width, face_height = box
    scale = size[0] / SHOWN_WIDTH
    brief = str(number) if number else label
    full = f"{number} · {label}" if number and label else brief
    is_open = not crowd and face_width / scale >= _OPEN_FACE
    width = len(full if is_open else brief) * _LETTER + 14
    left = min(max(x, 0.0), max(size[0] - width * scale, 0.0))
    top = _tag_top(y, y + face_height, size[1], (TAG_HEIGHT + 5) * scale)
    return Tag(f"translate({left:.1f} {top:.1f}) scale({scale:.4f})", round(width, 1), brief, full, is_open)


def _tag_top(box_top: float, box_bottom: float, photo_height: float, room: float) -> float:
    """Above the box; below it when the photograph ends there; inside it when there is no room at all."""
    gap = room * 5 / (TAG_HEIGHT + 5)
    if box_top >= room:
        return box_top - room
    return box_bottom + gap if box_bottom + room <= photo_height else max(box_top, 0.0) + gap

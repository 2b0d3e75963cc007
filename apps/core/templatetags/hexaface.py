"""What the pages need to show the API's JSON: numbers for people, drawings over photographs, small charts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template
from django.template.defaultfilters import floatformat
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import charts, overlay
from apps.core.options import DetectionOptions

register = template.Library()

NARROW_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
_FIXED: Final = {
    "5_o_Clock_Shadow": "5 o’clock shadow",
    "no_mask": "no mask",
    "timing_ms": "timing",
}
_DETAILS: Final = {name: option.title or name for name, option in DetectionOptions.model_fields.items()} | {
    "brightness": "Brightness, 0 to 255",
    "height": "Height in pixels",
    "max_bytes": "Most bytes",
    "max_pixels": "Most pixels",
    "min_face": "Smallest face in pixels",
    "retry_after": "Seconds to wait",
    "rotations": "Degrees it was turned by",
    "width": "Width in pixels",
}
"""What a page calls the details of an error: an option of detection by its title."""
_STEPS: Final = {"decode": "reading", "detect": "finding faces", "verify": "comparing", "synthesis": "drawing"}


@register.filter
def percent(value: float) -> str:
    """0.923 -> "92 %"; near both ends one digit more, and never a certainty that was not measured."""
    shown = value * 100
    if 0 < shown < 0.1:
        return f"< 0.1{NARROW_SPACE}%"
    if 99.9 < shown < 100:
        return f"> 99.9{NARROW_SPACE}%"
    digits = 1 if shown < 1 or shown >= 99 else 0
    return f"{shown:.{digits}f}{NARROW_SPACE}%" if shown not in (0, 100) else f"{shown:.0f}{NARROW_SPACE}%"


@register.filter
def one_in(rate: float) -> str:
    """0.001 -> "1 in 1,000"."""
    return f"1 in {round(1 / rate):,}" if rate > 0 else "none seen"


@register.filter
def words(name: str) -> str:
    """A name of the API as words: "Wearing_Hat" -> "Wearing hat", "no_mask" -> "no mask"."""
    return _FIXED.get(name) or (name[:1] + name[1:].lower()).replace("_", " ")


@register.filter
def detail(name: str) -> str:
    """A key of an error's details: "min_confidence" -> "Least confidence"."""
    return _DETAILS.get(name) or words(name)


@register.filter
def step(name: str) -> str:
    """A step of the timing in words: "detect" -> "finding faces"."""
    return _STEPS.get(name) or words(name).lower()


@register.filter
def signed_turn(rotation: int) -> str:
    """90 -> "90° clockwise", 270 -> "90° anticlockwise", 180 -> "180°"."""
    return {90: "90° clockwise", 180: "180°", 270: "90° anticlockwise"}.get(rotation, f"{rotation}°")


@register.filter
def milliseconds(value: float) -> str:
    """12.34 -> "12 ms", 1.23 -> "1.2 ms", 2400 -> "2.4 s"."""
    if value >= 1000:
        return f"{value / 1000:.1f}{NARROW_SPACE}s"
    return f"{value:.0f}{NARROW_SPACE}ms" if value >= 10 else f"{value:.1f}{NARROW_SPACE}ms"


@register.filter
def total(timing: Mapping[str, float]) -> float:
    """All steps together."""
    return timing["total"] if "total" in timing else sum(timing.values())


@register.filter
def by_value(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Scores with the highest first."""
    return sorted(scores.items(), key=lambda item: -item[1])


@register.filter
def lookup(mapping: Mapping[str, Any], key: str) -> Any:
    """mapping[key], or None."""
    return mapping.get(key)


@register.filter
def is_mapping(value: object) -> bool:
    """Whether a value has parts of its own."""
    return isinstance(value, Mapping)


@register.filter
def is_list(value: object) -> bool:
    """Whether a value is a list (text is not)."""
    return isinstance(value, Sequence) and not isinstance(value, str)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of the icon sheet; decoration only, the text beside it says the same."""
    return format_html(
        '<svg class="icon icon-{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        name,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def bar(share: float, kind: str = "") -> SafeString:
    """A horizontal bar for 0..1; the number stands beside it as text."""
    return format_html(
        '<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100" height="4"/><rect class="fill {}" width="{}" height="4"/></svg>',
        kind,
        round(min(max(share, 0.0), 1.0) * 100, 2),
    )


@register.filter
def face_label(result: Mapping[str, Any]) -> str:
    """The few words that stand on the photograph: "31 years", "happy 92 %", or those of several tasks."""
    if "years" in result:
        return f"{floatformat(result['years'], 0)} years"
    if "label" in result:
        return f"{words(result['label'])} {percent(result['probability'])}"
    parts = [_short(part) for part in result.values() if isinstance(part, Mapping)]
    return " · ".join(part for part in parts if part)


def _short(part: Mapping[str, Any]) -> str:
    """One task's word among others; "no mask" is not worth a place on the photograph."""
    if "years" in part:
        return str(floatformat(part["years"], 0))
    label = part.get("label", "")
    return "" if label == "no_mask" else words(label)


@register.inclusion_tag("core/photo.html")
def drawn(photo: Mapping[str, Any], faces: Sequence[Mapping[str, Any]], anchor: str = "photo") -> dict[str, Any]:
    """The photograph with what was found drawn over it."""
    labels = [face_label(face["result"]) if face.get("result") else "" for face in faces]
    marks = overlay.marks(faces, labels, (photo["width"], photo["height"]))
    count = f"{len(faces)} face{'' if len(faces) == 1 else 's'} marked"
    return {
        "photo": photo,
        "marks": marks,
        "anchor": anchor,
        "alt": f"Your photograph with {count}; the text lists the same.",
    }


@register.inclusion_tag("core/photo.html")
def compared(
    photo: Mapping[str, Any], used: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]], anchor: str
) -> dict[str, Any]:
    """One photograph of a comparison: the face that was used, the others dimmed."""
    size = (photo["width"], photo["height"])
    marks = overlay.compared(candidates, used, "compared", size)
    return {"photo": photo, "marks": marks, "anchor": anchor, "alt": "Photograph with the compared face marked."}


@register.inclusion_tag("core/closeup.html")
def closeup(box: Mapping[str, float], points: Sequence[Sequence[float]]) -> dict[str, Any]:
    """One face cut out of the photograph, large, with its points."""
    return {"view": overlay.closeup(box, points), "dots": overlay.dots(points, max(box["width"], box["height"]))}


@register.filter
def by_model(models: Mapping[str, Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """Each model once, with the tasks it answered."""
    groups: dict[tuple[Any, Any], list[str]] = {}
    for task, model in models.items():
        groups.setdefault((model["network"], model["version"]), []).append(task)
    return [(models[tasks[0]], ", ".join(tasks)) for tasks in groups.values()]


@register.simple_tag
def thumbnail(box: Mapping[str, float]) -> str:
    """The viewBox that cuts one face out of the photograph."""
    return overlay.thumbnail(box)


@register.inclusion_tag("core/charts/age.html")
def age_axis(result: Mapping[str, float]) -> dict[str, Any]:
    """The interval of an age on an axis from 0 to 100 years."""
    return {"axis": charts.age_axis(result["low"], result["years"], result["high"]), "width": charts.AGE_WIDTH}


@register.inclusion_tag("core/charts/histogram.html")
def similarity_chart(distributions: Mapping[str, Any] | None, report: Mapping[str, Any]) -> dict[str, Any]:
    """Where a similarity stands between pairs of the same and of different people."""
    limits = {"threshold": report["threshold"]}  # the one in force: a chosen false match rate moves it
    chart = charts.histogram({**distributions, **limits}, report["similarity"]) if distributions else None
    source = (distributions or {}).get("data", "")
    return {"chart": chart, "source": source, "report": report, "width": charts.WIDTH, "height": charts.HEIGHT}


@register.simple_tag
def gender_balance(genders: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many generated faces look female and male, and the female share."""
    female = sum(gender["label"] == "female" for gender in genders)
    return {"female": female, "male": len(genders) - female, "share": female / (len(genders) or 1)}

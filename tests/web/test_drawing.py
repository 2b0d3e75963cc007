"""What the pages compute from the API's JSON: words, shapes over photographs, charts."""

from typing import Any

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string

from apps.core import charts, overlay
from apps.core.templatetags import hexaface, hexaface_models

SIZE = (600.0, 400.0)


def face(x: float = 100, y: float = 100, width: float = 80, height: float = 100, **result: Any) -> dict[str, Any]:
    return {"box": {"x": x, "y": y, "width": width, "height": height}, "confidence": 0.99, "result": result}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.0004, "< 0.1"),
        (0.004, "0.4"),
        (0.31, "31"),
        (0.987, "99"),
        (0.9942, "99.4"),
        (0.9996, "> 99.9"),
        (1.0, "100"),
    ],
)
def test_percent(value: float, text: str) -> None:
    assert hexaface.percent(value) == f"{text}\N{NARROW NO-BREAK SPACE}%"


@pytest.mark.parametrize(("rate", "text"), [(0.001, "1 in 1,000"), (0.01, "1 in 100"), (0.0, "none seen")])
def test_one_in(rate: float, text: str) -> None:
    assert hexaface.one_in(rate) == text


@pytest.mark.parametrize(
    ("name", "text"), [("Wearing_Hat", "Wearing hat"), ("no_mask", "no mask"), ("5_o_Clock_Shadow", "5 o’clock shadow")]
)
def test_words(name: str, text: str) -> None:
    assert hexaface.words(name) == text


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"years": 31.4, "low": 26.0, "high": 37.5}, "31 years"),
        ({"label": "happy", "probability": 0.92, "scores": {}}, "happy 92\N{NARROW NO-BREAK SPACE}%"),
        ({"points": {"nose": [1, 2]}}, ""),
        ({"age": {"years": 31.4}, "gender": {"label": "female"}, "mask": {"label": "no_mask"}}, "31 · female"),
    ],
)
def test_face_label(result: dict[str, Any], text: str) -> None:
    assert hexaface.face_label(result) == text


def test_no_faces_no_marks() -> None:
    assert overlay.marks([], [], SIZE) == []


@pytest.mark.parametrize(
    ("y", "height", "top"),
    [
        (100, 100, 73),
        (10, 100, 115),
        (0, 400, 5),
    ],  # above the box; below when there is no room above; inside when there is none at all
)
def test_tag_stays_in_the_photograph(y: float, height: float, top: float) -> None:
    [mark] = overlay.marks([face(y=y, height=height)], ["31 years"], SIZE)
    assert mark.tag.transform == f"translate(100.0 {top:.1f}) scale(1.0000)"
    assert mark.tag.full == "1 · 31 years"


def test_tag_at_the_right_edge_moves_left() -> None:
    [mark] = overlay.marks([face(x=580)], ["31 years"], SIZE)
    left = float(mark.tag.transform.removeprefix("translate(").split()[0])
    assert left + mark.tag.width == pytest.approx(SIZE[0], abs=0.1)


def test_tags_of_a_crowd_are_numbers_only() -> None:
    faces = [face(x=10 + 50 * number) for number in range(10)]
    assert not any(mark.tag.open for mark in overlay.marks(faces, ["31 years"] * 10, SIZE))
    assert overlay.marks(faces[:1], ["31 years"], SIZE)[0].tag.open


def test_the_largest_set_of_points_is_drawn() -> None:
    result: dict[str, Any] = {
        "detect": {"points": {"nose": [1.0, 2.0]}},
        "landmarks": {"points": [[3.0, 4.0], [5.0, 6.0]]},
    }
    [mark] = overlay.marks([face(**result)], [""], SIZE)
    assert [dots.path for dots in mark.dots] == ["M3.0 4.0h0M5.0 6.0h0"]


@pytest.mark.parametrize(
    ("places", "chosen", "expected"),
    [
        ([10], 0, [(10, False, "compared")]),
        ([10, 300], 0, [(300, True, "1"), (10, False, "0 · compared")]),
        ([10, 300, 200], 1, [(10, True, "0"), (200, True, "2"), (300, False, "1 · compared")]),
    ],
)
def test_faces_that_were_not_compared_are_dimmed(
    places: list[int], chosen: int, expected: list[tuple[int, bool, str]]
) -> None:
    faces = [face(x=place) for place in places]
    marks = overlay.compared(faces, faces[chosen], "compared", SIZE)
    assert [(mark.x, mark.dimmed, mark.tag.full) for mark in marks] == expected


def test_age_axis_keeps_to_its_ends() -> None:
    axis = charts.age_axis(-3, 50, 130)
    assert (axis.low, axis.value, axis.high) == (10, charts.AGE_WIDTH / 2, charts.AGE_WIDTH - 10)


def test_histogram() -> None:
    chart = charts.histogram(
        {"edges": [-1, 0, 1], "same": [0, 10], "different": [300, 100], "threshold": 0.5}, similarity=2.0
    )
    assert chart is not None
    assert chart.score == charts.WIDTH - 10, "beyond the axis: at its end"
    assert chart.limit == 310
    assert chart.same == "M10.0 158.0V158.0H210.0V34.0H410.0V158.0Z", (
        "each distribution fills its own area, whatever the number of pairs"
    )
    assert [text for _, text in chart.ticks][:2] == ["-1", "-0.75"]


@pytest.mark.parametrize("distributions", [{}, {"edges": [0, 1], "same": [1, 2], "different": [1], "threshold": 0}])
def test_histogram_of_nothing(distributions: dict[str, Any]) -> None:
    assert charts.histogram(distributions, 0.5) is None


def test_figures_of_a_model() -> None:
    metrics = {"accuracy": 0.994, "low": 0.989, "high": 0.998, "pairs": 1000, "data": "LFW", "group": {"mae": 5.123}}
    assert hexaface_models.figures(metrics) == [
        ("Accuracy", "99.4 %"),
        ("95 % interval", "98.9 % to 99.8 %"),
        ("Pairs", "1,000"),
        ("Data", "LFW"),
        ("Group: MAE", "5.123"),
    ]


def test_nothing_inline_and_everything_escaped() -> None:
    photo = {"uri": "data:image/jpeg;base64,AAAA", "width": 600, "height": 400}
    faces = [face(label="<b>", probability=0.5)]
    html = Template("{% load hexaface %}{% drawn photo faces %}").render(Context({"photo": photo, "faces": faces}))
    assert "<b>" not in html
    assert "style=" not in html
    assert 'viewBox="0 0 600 400"' in html


@pytest.mark.parametrize(("years", "shown"), [(0.0, "0"), (22.4, "22"), (22.5, "23"), (23.5, "24")])
def test_the_label_and_the_panel_round_alike(years: float, shown: str) -> None:
    age = {"years": years, "low": years, "high": years + 1}
    assert hexaface.face_label(age) == f"{shown} years"
    panel = render_to_string("age/result.html", {"result": age})
    assert f'<b class="num">{shown}</b>' in panel

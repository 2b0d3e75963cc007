"""docs/plots/*.svg, drawn from the reports of the active networks (`make accuracy` writes them)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ml.training import svg

Node = Mapping[str, Any]
_FEWEST: Final = 10  # images without which a point of a curve says nothing
Plot = tuple[str, str]
"""(name of the file without network and ending, SVG text)."""


def of_report(report: Node, title: str, tasks: tuple[str, ...]) -> Iterator[Plot]:
    """The plots of one network's report for some of its tasks; those whose figures are missing are left out."""
    for task in tasks:
        if task in report:
            yield from _PLOTS.get(task, _nothing)(report[task], title)
    curves = {task: _curve(report[task]["calibration"]) for task in tasks if "calibration" in report.get(task, {})}
    if curves:
        yield (
            "reliability",
            svg.lines(
                f"{title}: how sure it says it is, and how often it is right",
                curves,
                x=(0, 1),
                y=(0, 1),
                axes=("probability of the answer", "share that is right"),
                diagonal=True,
            ),
        )


def _nothing(_report: Node, _title: str) -> Iterator[Plot]:
    return iter(())


def _curve(calibration: Node) -> list[tuple[float, float]]:
    return [(confidence, accuracy) for confidence, accuracy, images in calibration["curve"] if images >= _FEWEST]


def _rows(group: Node, factor: float = 1.0) -> list[svg.Bar]:
    return [
        (
            f"{name.replace('_', ' ')} ({figure['images']:,})",
            *(factor * figure[part] for part in ("value", "low", "high")),
        )
        for name, figure in group.items()
        if figure.get("images")
    ]


def _age(report: Node, title: str) -> Iterator[Plot]:
    error, inside = report["mae_by_decade"], report["coverage_by_decade"]
    yield (
        "age-error",
        svg.bars(
            f"{title}: error of the age by true age",
            _rows(error),
            unit="mean absolute error, years",
            reference=report["mae"]["value"],
        ),
    )
    yield (
        "age-coverage",
        svg.bars(
            f"{title}: ages inside the interval by true age",
            _rows(inside, 100),
            unit="per cent; stated: 90",
            reference=90,
            top=100,
        ),
    )


def _gender(report: Node, title: str) -> Iterator[Plot]:
    for name, words in (("fairface_by_race", "race on FairFace"), ("utkface_by_decade", "age on UTKFace")):
        base = 100 * report[name.split("_by_")[0]]["value"]
        yield (
            f"gender-{name.rsplit('_', 1)[1]}",
            svg.bars(
                f"{title}: gender by {words}", _rows(report[name], 100), unit="per cent right", reference=base, top=100
            ),
        )


def _emotion(report: Node, title: str) -> Iterator[Plot]:
    table = report["fer2013_confusion"]
    yield (
        "emotion-confusion",
        svg.table(
            f"{title}: expression, true by row, answered by column",
            list(table),
            table,
            note="FER-2013 PublicTest, per cent of the row",
        ),
    )


def _attributes(report: Node, title: str) -> Iterator[Plot]:
    ordered = sorted(report["by_attribute"].items(), key=lambda item: -item[1]["balanced"])
    rows = [(name.replace("_", " "), *([100 * figure["balanced"]] * 3)) for name, figure in ordered]
    yield (
        "attributes",
        svg.bars(
            f"{title}: attributes, mean of the accuracies with and without",
            rows,
            unit="per cent; chance: 50",
            reference=50,
            top=100,
        ),
    )


def _mask(report: Node, title: str) -> Iterator[Plot]:
    groups = {**report["by_label"], **report["by_source"], **report["by_face_pixels"]}
    yield (
        "mask",
        svg.bars(
            f"{title}: mask by label, source and pixels of the face",
            _rows(groups, 100),
            unit="per cent right",
            reference=100 * report["all"]["value"],
            top=100,
        ),
    )


def _landmarks(report: Node, title: str) -> Iterator[Plot]:
    rows = [
        (f"{source.split('_')[0]}, {part}", figure["value"], figure["low"], figure["high"])
        for source in ("helen", "youtube_faces")
        for part, figure in report[f"nme68_{source}_by_part"].items()
    ]
    yield (
        "landmarks",
        svg.bars(f"{title}: error of the 68 points", rows, unit="per cent of the distance of the outer eye corners"),
    )


def _verify(report: Node, title: str) -> Iterator[Plot]:
    names = {"curve_lfw": "LFW, development test", "curve_celeba": "CelebA val"}
    curves = {
        words: [(point[0], max(point[1], 1e-4)) for point in report[name]["points"] if point[0] > 0]
        for name, words in names.items()
        if name in report
    }
    if not curves:
        return
    yield (
        "verify-det",
        svg.lines(
            f"{title}: pairs wrongly refused by pairs wrongly accepted",
            curves,
            x=(1e-5, 0.3),
            y=(1e-4, 0.3),
            axes=("false-match rate", "false-non-match rate"),
            log=True,
        ),
    )


_PLOTS: Final[Mapping[str, Callable[[Node, str], Iterator[Plot]]]] = {
    "age": _age,
    "gender": _gender,
    "emotion": _emotion,
    "attributes": _attributes,
    "mask": _mask,
    "landmarks": _landmarks,
    "verify": _verify,
}

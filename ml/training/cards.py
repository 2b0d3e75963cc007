"""Model cards, docs/cards/<network>-<version>.md, written from the manifest and the reports (`make accuracy`)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ml.manifest import InputSpec, NetworkSpec
from ml.training.card_words import DETECTOR_USES, GENERATOR_INPUT, OUT_OF_SCOPE, REPRODUCE, USES
from ml.training.weaker import weaker

Node = Mapping[str, Any]
_MEASURE: Final = "make evaluate DATA=DIR WORK=DIR"


def card(spec: NetworkSpec, report: Node, active: tuple[str, ...]) -> str:
    """The card of one network; `active` are the tasks that it answers now."""
    parts = [
        f"# {spec.title or spec.name}",
        f"`{spec.key}`; written by `make accuracy` from [the manifest](../../weights/manifest.toml)"
        + (f" and [its report](../../weights/reports/{spec.name}-{spec.version}.json)." if report else "."),
        *_section("What it is", _what(spec, active)),
        *_section("Data and licence", _licence(spec)),
        *_section("Intended use", _uses(spec)),
        *_section("Out of scope", "\n".join(f"- {line}" for line in OUT_OF_SCOPE)),
        *_section("Input", GENERATOR_INPUT if "image" in spec.outputs else _input(spec.input)),
        *_section("Figures", _figures(report)),
        *_section("Groups where it does worse", _groups(report)),
        *_section("Calibration", _calibration(spec, report)),
        *_section("Limits", spec.notes),
        *_section("How to repeat it", _repeat(spec)),
    ]
    return "\n\n".join(parts) + "\n"


def index(cards: Mapping[str, NetworkSpec], active: Mapping[str, str]) -> str:
    """docs/cards/README.md: `cards` by file name."""
    rows = ["| network | answers now | commercial use |", "|---|---|---|"]
    for name, spec in cards.items():
        answers = ", ".join(task for task, key in active.items() if key == spec.key)
        rows.append(f"| [{spec.key}]({name}) | {answers} | {'yes' if spec.commercial else 'no'} |")
    return "# Model cards\n\nOne per network and version; `make accuracy` writes them.\n\n" + "\n".join(rows) + "\n"


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []


def _what(spec: NetworkSpec, active: tuple[str, ...]) -> str:
    can = ", ".join(spec.tasks) or "a part of another network's work"
    now = (
        f" It answers {', '.join(active)} now."
        if active
        else " It answers no task by default; a request can name it where it can answer."
    )
    outputs = ", ".join(spec.outputs)
    return f"For: {can}.{now if spec.tasks else ''} Outputs: {outputs}. sha256 of the file: `{spec.sha256}`."


def _licence(spec: NetworkSpec) -> str:
    allowed = "allowed" if spec.commercial else "not allowed"
    return (
        f"- Source: {spec.source}\n- Learnt from: {spec.training_data or 'not published'}\n"
        f"- Licence: {spec.licence}\n- Commercial use: **{allowed}**"
    )


def _uses(spec: NetworkSpec) -> str:
    uses = [USES[task] for task in spec.tasks if task in USES] or [DETECTOR_USES]
    return "\n".join(f"- {use}" for use in uses)


def _input(spec: InputSpec) -> str:
    size = "any size" if spec.size is None else f"{spec.size[1]}x{spec.size[0]} pixels"
    frame = {
        "box": f"the face's box, {spec.margin:g} times its longer side, turned so that the eyes are level",
        "five_points": "turned and scaled so that eyes, nose and mouth corners lie where ArcFace puts them",
        "none": "the whole picture",
    }[spec.align]
    mean = ", ".join(f"{value:g}" for value in spec.mean)
    return f"{size}, {spec.colour}, {frame}; (pixel - {mean}) x {spec.scale:.6g}."


def _figures(report: Node) -> str:
    """Every overall figure of each task; the groups are in accuracy.md."""
    rows = [
        f"| {task} | {_words(path)} | {_value(figure)} | {figure['low']:.4g} to {figure['high']:.4g} | {_count(figure)} |"
        for task, path, figure in overall(report)
    ]
    if not rows:
        return "Not measured on its own; the detectors are measured together, see [accuracy](../accuracy.md)."
    head = ["| task | figure | value | 95 % interval | on |", "|---|---|---|---|---|"]
    time = report.get("milliseconds", {}).get("median")
    spent = [f"\nOne face takes {time:g} ms on one thread (median)."] if time else []
    return "\n".join([*head, *rows, *spent, "\nShares are 0 to 1. By group: [accuracy](../accuracy.md)."])


def overall(report: Node) -> Iterator[tuple[str, tuple[str, ...], Node]]:
    """(task, path, figure) of every figure with an interval that is not one of a group."""
    for task, node in report.items():
        if isinstance(node, Mapping):
            yield from ((task, path, figure) for path, figure in _leaves(node, ()))


def _leaves(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    for name, value in node.items():
        if isinstance(value, Mapping) and "value" in value and "low" in value:
            yield (*path, name), value
        elif isinstance(value, Mapping) and "by_" not in name:
            yield from _leaves(value, (*path, name))


def _groups(report: Node) -> str:
    rows = [
        f"| {found.task} | {_words((found.table,))} | {found.group.replace('_', ' ')} | {found.value:.4g} | "
        f"{found.low:.4g} to {found.high:.4g} | {found.usual:.4g} | {found.images:,} |"
        for found in weaker(report)
    ]
    if not rows:
        return ""
    head = ["| task | by | group | value | 95 % interval | over all | images |", "|---|---|---|---|---|---|---|"]
    words = "Groups of at least 30 images whose 95 % interval lies wholly on the worse side of the figure over all:"
    return "\n".join([words, "", *head, *rows])


def _calibration(spec: NetworkSpec, report: Node) -> str:
    lines = [
        f"- {task}: expected calibration error {node['calibration']['ece']:.3f} over fifteen bins of the answer's probability."
        for task, node in report.items()
        if isinstance(node, Mapping) and "ece" in node.get("calibration", {})
    ]
    age, verify = spec.calibration.get("age"), spec.calibration.get("verify")
    if age:
        lines.append(f"- age: the interval was set on held-out faces to hold {age['coverage']:.0%} of them.")
    if verify:
        rates = [point["false_match_rate"] for point in verify["operating_points"]]
        lines.append(
            f"- verify: thresholds for false-match rates from {min(rates):g} to {max(rates):g}, set on other people."
        )
    return "\n".join(lines)


def _repeat(spec: NetworkSpec) -> str:
    made = REPRODUCE.get(spec.key) or REPRODUCE.get(spec.name, f"make import-weights ARGS='--only {spec.name}'")
    return f"    {made}\n    {_MEASURE}\n    make accuracy"


def _value(figure: Node) -> str:
    return f"{figure['value']:.4g}"


def _count(figure: Node) -> str:
    return f"{figure['pairs']:,} pairs" if "pairs" in figure else f"{figure.get('images', 0):,} images"


def _words(path: tuple[str, ...]) -> str:
    return ", ".join(part.replace("_", " ") for part in path)

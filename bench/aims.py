"""The aims that concern single processes, each with what was measured. Ratios are of medians within one row."""

from collections.abc import Mapping, Sequence
from typing import Any

Result = Mapping[str, Any]


def aims(result: Result) -> list[dict[str, Any]]:
    """Each aim once per number of threads: wanted, measured, met. What was not run is left out."""
    threads = sorted({row["threads"] for row in result["rows"]})
    made = [make(result, count) for make in (_detection, _human, _dlib, _further) for count in threads]
    return [row for row in made if row is not None]


def _detection(result: Result, threads: int) -> dict[str, Any] | None:
    ratios = _ratios(result, threads, "detect", ("hexaface/20px", "mtcnn"))
    row = _faster("detection against mtcnn, at no lower recall", 6.0, threads, ratios)
    found = _recalls(result)
    if row is None or not found:
        return row and row | {"aim": "detection against mtcnn, recall not measured"}
    lower = [source for source, (ours, theirs) in found.items() if ours < theirs]
    said = ", ".join(f"{source} {ours:.3f} to {theirs:.3f}" for source, (ours, theirs) in found.items())
    return row | {"how": f"{row['how']}; recall {said}", "met": row["met"] and not lower}


def _human(result: Result, threads: int) -> dict[str, Any] | None:
    ratios = _ratios(result, threads, "together", ("hexaface", "human"), ("face-640", "group-1"))
    return _faster("everything for one face against @vladmandic/human", 5.0, threads, ratios)


def _dlib(result: Result, threads: int) -> dict[str, Any] | None:
    ratios = _ratios(result, threads, "identity", ("hexaface", "face_recognition"))
    return _faster("detection, landmarks and embedding against face_recognition", 3.0, threads, ratios)


def _further(result: Result, threads: int) -> dict[str, Any] | None:
    each = further(result, threads, "hexaface")
    if each is None:
        return None
    return {
        "aim": "everything for each further face",
        "threads": threads,
        "wanted": 30.0,
        "measured": each,
        "unit": "ms",
        "met": each <= 30,
        "how": "from one to twenty faces at 1280x960, divided by nineteen",
    }


def further(result: Result, threads: int, key: str) -> float | None:
    """Milliseconds of everything for each further face of a peer, or None."""
    one, many = (
        figure(result, threads, "together", photograph, key).get("median") for photograph in ("group-1", "group-20")
    )
    return None if one is None or many is None else round((many - one) / 19, 2)


def figure(result: Result, threads: int, task: str, photograph: str, key: str) -> Mapping[str, Any]:
    """One cell; empty when it was not measured."""
    for row in result["rows"]:
        if (row["threads"], row["task"], row["photograph"]) == (threads, task, photograph):
            cell: Mapping[str, Any] = row["figures"].get(key, {})
            return cell
    return {}


def _ratios(
    result: Result, threads: int, task: str, pair: tuple[str, str], photographs: Sequence[str] = ()
) -> dict[str, float]:
    """Photograph -> how many times faster the first of the pair is."""
    ratios = {}
    for row in result["rows"]:
        if (row["threads"], row["task"]) != (threads, task) or (photographs and row["photograph"] not in photographs):
            continue
        own, other = (row["figures"].get(key, {}).get("median") for key in pair)
        if own and other:
            ratios[row["photograph"]] = round(other / own, 2)
    return ratios


def _faster(aim: str, wanted: float, threads: int, ratios: Mapping[str, float]) -> dict[str, Any] | None:
    """The least ratio decides."""
    if not ratios:
        return None
    least = min(ratios.values())
    return {
        "aim": aim,
        "threads": threads,
        "wanted": wanted,
        "measured": least,
        "unit": "times faster",
        "met": least >= wanted,
        "how": "the least of " + ", ".join(f"{name} {ratio:g}" for name, ratio in ratios.items()),
    }


def _recalls(result: Result) -> dict[str, tuple[float, float]]:
    """Source -> (ours, the package's) on labelled photographs."""
    accuracy = result.get("accuracy", {})
    detectors = accuracy.get("detectors", {})
    ours, theirs = detectors.get("hexaface/20px", {}), detectors.get("mtcnn", {})
    return {
        source: (ours[source]["recall"], theirs[source]["recall"])
        for source in accuracy.get("photographs", {})
        if source in ours and source in theirs
    }

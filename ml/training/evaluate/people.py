"""Figures of the tasks about a face's owner (age, gender, emotion, attributes, mask) from the typed results that a client gets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml import measure
from ml.tasks.attributes import ATTRIBUTE_NAMES
from ml.tasks.emotion import EMOTIONS
from ml.training.corpus import Labels
from ml.training.evaluate import face_figures
from ml.training.evaluate.worst import worst
from ml.types import F64

SETS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": ("utkface", "fairface"),
    "gender": ("utkface", "fairface", "celeba"),
    "emotion": ("fer2013",),
    "attributes": ("celeba",),
    "mask": ("mask", "utkface"),
}
"""The data sets that have labels for a task."""
PIXELS: Final = (40, 64, 96)
_PIXEL_NAMES: Final = {0: "under 40", 1: "40-63", 2: "64-95", 3: "96 and more"}
_DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Case:
    """What was asked: labels, files and face sizes of n images, and the names of labels.group."""

    labels: Labels
    files: tuple[str, ...]
    pixels: Any
    groups: tuple[str, ...]

    @property
    def names(self) -> dict[int, str]:
        """The groups by number."""
        return dict(enumerate(self.groups))

    def of(self, source: str) -> Any:
        """Places of the images of one set."""
        return np.flatnonzero(face_figures.from_set(self.labels, source))

    def by_pixels(self, values: Any, places: Any) -> dict[str, measure.Figure]:
        """`measure.by_group` of the values of some images by the size of their faces."""
        return measure.by_group(values, np.digitize(self.pixels[places], PIXELS), _PIXEL_NAMES)


def age(results: Sequence[Any], case: Case) -> dict[str, Any]:
    """See face_figures.ages; and by size of the face, and the worst images."""
    years, low, high = np.array([(result.years, result.low, result.high) for result in results]).T
    rows = case.of("utkface")
    truth = case.labels.age_low[rows]
    errors = np.abs(years[rows] - truth)
    return face_figures.ages(years, low, high, case.labels, case.names) | {
        "mae_by_face_pixels": case.by_pixels(errors, rows),
        "worst": worst(case.files, rows, errors, {"years": years[rows], "truth": truth}),
    }


def gender(results: Sequence[Any], case: Case) -> dict[str, Any]:
    """See face_figures.gender; and the gap between the races of FairFace, by size of the face, and the worst images."""
    male = np.array([probability(result, "male") for result in results])
    truth = case.labels.gender
    fair, plain = case.of("fairface"), case.of("utkface")
    right = (male >= 0.5) == (truth == 1)
    both = np.concatenate([plain, fair])
    named = np.where(truth[both] == 1, "male", "female")
    return face_figures.gender(male.astype(np.float32), case.labels, case.names) | {
        "fairface_gap": gap(right[fair], case.labels.group[fair], case.names),
        "fairface_by_face_pixels": case.by_pixels(right[fair], fair),
        "worst": worst(case.files, both, np.abs(male[both] - truth[both]), {"male": male[both], "truth": named}),
    }


def gap(right: Any, group: Any, names: Mapping[int, str]) -> dict[str, Any]:
    """How much better the best group is than the worst, with the bootstrap interval of the difference of these two.

    by_chance: the mean gap after the images were dealt to groups of the same sizes at random, as of a network that is equally good for
    all. as_large: the share of such deals that leave a gap as large (a permutation test).
    """
    parts = {names[int(key)]: right[group == key].astype(np.float64) for key in np.unique(group)}
    best, least = (choose(parts, key=lambda name: float(parts[name].mean())) for choose in (max, min))
    rng = np.random.default_rng(7)

    def drawn(name: str) -> F64:
        values = parts[name]
        return np.asarray(values[rng.integers(0, len(values), (_DRAWS, len(values)))].mean(1), np.float64)

    low, high = np.quantile(drawn(best) - drawn(least), (0.025, 0.975)).tolist()
    value = float(parts[best].mean() - parts[least].mean())
    figure = {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "images": len(right)}
    return figure | {"best": best, "worst": least} | _of_dealt(right, group, value, rng)


def _of_dealt(right: Any, group: Any, value: float, rng: np.random.Generator) -> dict[str, float]:
    """What gap() says of images that were dealt to the groups at random."""
    _, members = np.unique(group, return_inverse=True)
    sizes = np.bincount(members)
    shares = [np.bincount(members, rng.permutation(right)) / sizes for _ in range(_DRAWS)]
    gaps = np.array([share.max() - share.min() for share in shares])
    return {"by_chance": round(float(gaps.mean()), 4), "as_large": round(float((gaps >= value - 1e-9).mean()), 4)}


def emotion(results: Sequence[tuple[Any, Any]], case: Case) -> dict[str, Any]:
    """See face_figures.emotion, of results by the crowd's labels and by FER-2013's; and by size of the face, and the worst images."""
    rows = case.of("fer2013")
    crowd, scores = (
        np.array([[pair[kind].scores[name] for name in EMOTIONS] for pair in results], np.float32).reshape(
            -1, len(EMOTIONS)
        )
        for kind in (0, 1)
    )
    truth = case.labels.emotion[rows].astype(int)
    said = scores[rows].argmax(1)
    trust = scores[rows, truth]
    words = {"label": np.array(EMOTIONS)[said], "truth": np.array(EMOTIONS)[truth], "probability_of_truth": trust}
    return face_figures.emotion(crowd, scores, case.labels) | {
        "fer2013_by_face_pixels": case.by_pixels(said == truth, rows),
        "worst": worst(case.files, rows, 1 - trust, words),
    }


def attributes(results: Sequence[Any], case: Case) -> dict[str, Any]:
    """See face_figures.attributes; and by gender and age, and the worst images."""
    rows = case.of("celeba")
    scores = np.array([[result.scores[name] for name in ATTRIBUTE_NAMES] for result in results], np.float32)
    truth = case.labels.attributes[rows] == 1
    wrong = ((scores[rows] >= 0.5) != truth).sum(1)
    shares = 1 - wrong / len(ATTRIBUTE_NAMES)
    young = case.labels.attributes[rows, ATTRIBUTE_NAMES.index("Young")]
    unlikely = np.abs(scores[rows] - truth).sum(1)
    return face_figures.attributes(scores, case.labels) | {
        "all_by_gender": measure.by_group(shares, case.labels.gender[rows], {0.0: "female", 1.0: "male"}),
        "all_by_age": measure.by_group(shares, young, {0.0: "not young", 1.0: "young"}),
        "worst": worst(case.files, rows, unlikely, {"wrong_of_40": wrong}),
    }


def mask(results: Sequence[Any], case: Case) -> dict[str, Any]:
    """See face_figures.mask; and the worst images."""
    masked = np.array([probability(result, "mask") for result in results], np.float32)
    rows = case.of("mask")
    truth = case.labels.mask[rows]
    words = {"mask": masked[rows], "truth": np.where(truth == 1, "mask", "no_mask")}
    return face_figures.mask(masked, case.labels, case.names, case.pixels) | {
        "worst": worst(case.files, rows, np.abs(masked[rows] - truth), words),
    }


def probability(result: Any, label: str) -> float:
    """The probability of one of two labels from a result that tells the likelier."""
    return float(result.probability if result.label == label else 1 - result.probability)


TASKS: Final[Mapping[str, Callable[[Sequence[Any], Case], dict[str, Any]]]] = {
    "age": age,
    "gender": gender,
    "emotion": emotion,
    "attributes": attributes,
    "mask": mask,
}
HEADLINES: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "age": (("mae", "mae", "UTKFace val"), ("coverage", "coverage", "UTKFace val")),
    "gender": (
        ("accuracy", "utkface", "UTKFace val"),
        ("adults", "utkface_adults", "UTKFace val, 16 and older"),
        ("fairface", "fairface", "FairFace val"),
        ("fairface_adults", "fairface_adults", "FairFace val, 20 and older"),
    ),
    "emotion": (("ferplus", "ferplus", "FER+ majority, PublicTest"), ("fer2013", "fer2013", "FER-2013 PublicTest")),
    "attributes": (("all", "all", "CelebA val, 40 attributes"), ("ten", "ten", "CelebA val, 10 attributes")),
    "mask": (("accuracy", "all", "mask val"),),
}
"""Task -> (name in the manifest, name in the report, data)."""


def headline(task: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The first figure of a task with its interval and data, and the others by name: what the manifest's entry shows."""
    (name, key, data), *others = HEADLINES[task]
    first = figures[key]
    result = {name: first["value"], "low": first["low"], "high": first["high"], "images": first["images"], "data": data}
    return result | {other: figures[source]["value"] for other, source, _ in others}

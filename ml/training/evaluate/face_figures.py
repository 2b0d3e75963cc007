"""Figures of age, gender, emotion, attributes and mask from arrays of answers; rows of other data sets are passed over."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ml import measure
from ml.tasks.attributes import ATTRIBUTE_NAMES
from ml.tasks.emotion import EMOTIONS
from ml.training.calibrate import expressions
from ml.training.corpus import SOURCES, Labels
from ml.types import F32, F64

TEN: Final = (
    *("Smiling", "Male", "Eyeglasses", "Young", "Wearing_Hat"),
    *("No_Beard", "Mustache", "Bald", "Wearing_Lipstick", "Blond_Hair"),
)
"""Ten attributes in common use; the report that names "ten" does not say which."""
ADULT: Final = 16


def from_set(labels: Labels, source: str) -> Any:
    """Which rows are of that set."""
    return labels.source == SOURCES.index(source)


def ages(years: F64, low: F64, high: F64, labels: Labels, names: Mapping[int, str]) -> dict[str, Any]:
    """Mean absolute error in years and coverage of the interval on UTKFace; share in the right range on FairFace."""
    rows = from_set(labels, "utkface")
    truth = labels.age_low[rows]
    errors = np.abs(years[rows] - truth)
    inside = (truth >= low[rows]) & (truth <= high[rows])
    decades = measure.decade_names(truth)
    ranges = from_set(labels, "fairface")
    rounded = np.round(years[ranges])
    in_range = (rounded >= labels.age_low[ranges]) & (rounded <= labels.age_high[ranges])
    return {
        "mae": measure.mean(errors),
        "mae_by_decade": measure.by_group(errors, decades),
        "mae_by_race": measure.by_group(errors, labels.group[rows], names),
        "mae_by_gender": measure.by_group(errors, labels.gender[rows], {0.0: "female", 1.0: "male"}),
        "bias_by_decade": measure.by_group(years[rows] - truth, decades),
        "coverage": measure.mean(inside),
        "coverage_by_decade": measure.by_group(inside, decades),
        "interval_years": measure.mean((high - low)[rows]),
        "fairface_in_range": measure.mean(in_range),
    }


def gender(male: F32, labels: Labels, names: Mapping[int, str]) -> dict[str, Any]:
    """Accuracy on UTKFace (all ages, from 16 on, by race and decade), FairFace (by race) and CelebA; calibration on UTKFace."""
    result: dict[str, Any] = {}
    for source in ("utkface", "fairface", "celeba"):
        rows = from_set(labels, source)
        right = (male[rows] >= 0.5) == (labels.gender[rows] == 1)
        result[source] = measure.mean(right)
        if source == "celeba":
            continue
        grown = labels.age_low[rows] >= (ADULT if source == "utkface" else 20)
        result[f"{source}_adults"] = measure.mean(right[grown])
        result[f"{source}_by_race"] = measure.by_group(right, labels.group[rows], names)
        result[f"{source}_adults_by_race"] = measure.by_group(right[grown], labels.group[rows][grown], names)
        result[f"{source}_by_gender"] = measure.by_group(right, labels.gender[rows], {0.0: "female", 1.0: "male"})
    rows = from_set(labels, "utkface")
    right = (male[rows] >= 0.5) == (labels.gender[rows] == 1)
    result["utkface_by_decade"] = measure.by_group(right, measure.decade_names(labels.age_low[rows]))
    result["calibration"] = measure.calibration_error(np.maximum(male[rows], 1 - male[rows]), right)
    return result


def emotion(crowd: F32, fer2013: F32, labels: Labels) -> dict[str, Any]:
    """Accuracy on FER-2013 PublicTest and against the FER+ majority, per class, confusion, calibration.

    Scores (n, 7) as a client gets them who asks for the crowd's labels, and for those of FER-2013; each is judged by the labels asked
    for, and in "…_asked_for_…" by the others.
    """
    rows, majority, clear = expressions(labels)
    said, seen, truth = fer2013.argmax(1), crowd.argmax(1), labels.emotion.astype(int)
    names = dict(enumerate(EMOTIONS))
    right = said[rows] == truth[rows]
    return {
        "fer2013": measure.mean(right),
        "fer2013_balanced": measure.balanced(said[rows], truth[rows]),
        "fer2013_by_class": measure.by_group(right, truth[rows], names),
        "fer2013_confusion": measure.confusion(said[rows], truth[rows], EMOTIONS),
        "fer2013_asked_for_crowd": measure.mean(seen[rows] == truth[rows]),
        "ferplus": measure.mean(seen[clear] == majority[clear]),
        "ferplus_balanced": measure.balanced(seen[clear], majority[clear]),
        "ferplus_by_class": measure.by_group(seen[clear] == majority[clear], majority[clear], names),
        "ferplus_confusion": measure.confusion(seen[clear], majority[clear], EMOTIONS),
        "ferplus_asked_for_fer2013": measure.mean(said[clear] == majority[clear]),
        "calibration": measure.calibration_error(fer2013[rows].max(1), right),
        "calibration_ferplus": measure.calibration_error(crowd[clear].max(1), seen[clear] == majority[clear]),
    }


def attributes(scores: F32, labels: Labels) -> dict[str, Any]:
    """Accuracy on CelebA over all forty and over TEN, balanced accuracy, and both per attribute."""
    rows = from_set(labels, "celeba")
    said, truth = scores[rows] >= 0.5, labels.attributes[rows] == 1
    right = said == truth
    ten = [ATTRIBUTE_NAMES.index(name) for name in TEN]
    sides = [
        (right[:, i][truth[:, i]].mean() + right[:, i][~truth[:, i]].mean()) / 2 for i in range(len(ATTRIBUTE_NAMES))
    ]
    confidences = np.maximum(scores[rows], 1 - scores[rows])
    return {
        "all": measure.mean(right.mean(1)),
        "ten": measure.mean(right[:, ten].mean(1)),
        "ten_names": list(TEN),
        "balanced_all": round(float(np.mean(sides)), 4),
        "balanced_ten": round(float(np.mean([sides[i] for i in ten])), 4),
        "by_attribute": {
            name: {
                "accuracy": round(float(right[:, i].mean()), 4),
                "balanced": round(float(sides[i]), 4),
                "share": round(float(truth[:, i].mean()), 4),
            }
            for i, name in enumerate(ATTRIBUTE_NAMES)
        },
        "calibration": measure.calibration_error(confidences.ravel(), right.ravel()),
    }


def mask(probability: F32, labels: Labels, names: Mapping[int, str], face_pixels: F32) -> dict[str, Any]:
    """Accuracy on the mask set, by label, source and size of the face; share of UTKFace faces taken for masked."""
    rows = from_set(labels, "mask")
    truth = labels.mask[rows] == 1
    right = (probability[rows] >= 0.5) == truth
    sizes = np.digitize(face_pixels[rows], (40, 64, 96))
    bare = from_set(labels, "utkface")
    return {
        "all": measure.mean(right),
        "balanced": measure.balanced(probability[rows] >= 0.5, truth),
        "by_label": measure.by_group(right, truth, {False: "no_mask", True: "mask"}),
        "by_source": measure.by_group(right, labels.group[rows], names),
        "by_face_pixels": measure.by_group(right, sizes, {0: "under 40", 1: "40-63", 2: "64-95", 3: "96 and more"}),
        "utkface_without_mask": measure.mean(probability[bare] < 0.5),
        "calibration": measure.calibration_error(np.maximum(probability[rows], 1 - probability[rows]), right),
    }

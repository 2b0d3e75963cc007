"""Figures of several detectors out of what each found in the same photographs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ml.training.detection import PACKAGE
from ml.training.detection_scores import Bools, Outcome, Photo, figures, outcome_of, recall_at, rounded
from ml.training.other_detectors import candidates, misses
from ml.training.other_detectors.misses import Found
from ml.training.other_detectors.table import SOURCES

MASKS: Final = "facemask"
_RECALL: Final = "recall_at_that_precision"
_HALF_A_DIGIT: Final = 5e-5  # precisions come rounded to four places
Answers = Mapping[str, Sequence[Found]]
"""By detector: what it found in each photograph."""


def accuracy(found: Answers, labelled: Sequence[Photo], shipped: Mapping[str, Any]) -> dict[str, Any]:
    """Per detector and source average precision with its interval, and recall at the precision of the package as shipped."""
    detectors = {
        name: {
            source: _figures(_outcomes(answers, labelled, source), shipped[source]["precision"]) for source in SOURCES
        }
        for name, answers in found.items()
    }
    precisions = {source: shipped[source]["precision"] for source in SOURCES}
    return {"precision_of_the_package": precisions, "detectors": detectors}


def of_package(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """The package's own figures out of weights/reports/detectors.json."""
    shipped = theirs["recall_at_the_precision_of_the_package"]
    accuracy_ = theirs["accuracy"][PACKAGE]
    return {source: accuracy_[source] | {_RECALL: shipped[source][PACKAGE]} for source in SOURCES}


def missed(
    found: Answers,
    labelled: Sequence[Photo],
    labels: Sequence[Sequence[str]],
    passed: Mapping[str, Sequence[Bools]],
    theirs: Mapping[str, Any],
) -> dict[str, Any]:
    """Shares of groups of faces on facemask: found by each detector at the same precision, and left by each stage of the cascade.

    passed: stage -> per photograph of facemask (m,), which faces the stage passes on.
    """
    precision = theirs["recall_at_the_precision_of_the_package"][MASKS]["precision"]
    rows = [index for index, photo in enumerate(labelled) if photo.source == MASKS]
    masked, own_labels = [labelled[row] for row in rows], [labels[row] for row in rows]

    def seen(name: str) -> list[Bools]:
        threshold = threshold_at(_outcomes(found[name], labelled, MASKS), precision)
        return [misses.faces_found(found[name][row], labelled[row].boxes_xyxy, threshold) for row in rows]

    cascade = dict(passed) | {"found": seen(candidates.CASCADE)}
    return {
        "found_by_group": misses.by_group(masked, own_labels, {name: seen(name) for name in found}),
        "stages_by_group": misses.by_group(masked, own_labels, cascade),
    }


def threshold_at(outcomes: Sequence[Outcome], precision: float) -> float:
    """The lowest confidence from which on that precision is reached; above 1 when it never is."""
    confidences = np.concatenate([out.confidences for out in outcomes])
    order = np.argsort(-confidences, kind="stable")
    right = np.concatenate([out.right for out in outcomes])[order]
    reached = np.flatnonzero(np.cumsum(right) / np.arange(1, len(right) + 1) >= precision - _HALF_A_DIGIT)
    return float(confidences[order][reached[-1]]) if len(reached) else 2.0


def _outcomes(answers: Sequence[Found], labelled: Sequence[Photo], source: str) -> list[Outcome]:
    pairs = zip(labelled, answers, strict=True)
    return [outcome_of(photo, *own) for photo, own in pairs if photo.source == source]


def _figures(outcomes: Sequence[Outcome], precision: float) -> dict[str, Any]:
    return figures(outcomes) | {_RECALL: rounded(recall_at(outcomes, precision - _HALF_A_DIGIT))}

"""One candidate in shadow mode: its network, how it is compared with an answer, and how its counts are kept."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F

from apps.evaluation.models import Shadow
from apps.evaluation.services import stop_shadow
from apps.versions.description import folder_of, network_spec
from apps.versions.models import Activation, State
from ml import embedding
from ml.answering import Question, answer
from ml.differing import difference
from ml.errors import FaceError, InvalidRequest
from ml.photo import Photo
from ml.reports import Report, VerifyReport
from ml.runtime import LiteRtNetwork, Network, warm_up
from ml.tasks.base import USUAL, Choices
from ml.tasks.emotion import OWN

logger = logging.getLogger(__name__)

MOST_FACES: Final = 10  # per photograph
MOST_FAILURES: Final = 3


@dataclass
class Count:
    """What one photograph adds to the counts."""

    photographs: int = 0
    compared: int = 0
    disagreements: int = 0
    difference: float = 0.0
    ms: float = 0.0
    dropped: int = 0
    failure: str = ""


class Counts(dict[str, Count]):
    """Counts by task."""


@dataclass(frozen=True)
class Candidate:
    """A candidate that runs: the row's number and choices, and the loaded network."""

    pk: int
    task: str
    active_key: str
    share: float
    network: Network

    def compare(
        self, photos: tuple[Photo, ...], report: Report | VerifyReport, *, go_on: Callable[[], bool] = lambda: True
    ) -> Count:
        """Ask the candidate about the faces of an answer; `go_on` is asked before each further face."""
        count = Count(photographs=1)
        try:
            if isinstance(report, VerifyReport):
                self._pair(photos, report, count)
            else:
                self._faces(photos[0], report, count, go_on)
        except Exception as error:  # a candidate may fail in any way
            logger.exception("%s failed beside %s", self.network.spec.key, self.active_key)
            count.failure = f"{type(error).__name__}: {error}"
        return count

    def _faces(self, photo: Photo, report: Report, count: Count, go_on: Callable[[], bool]) -> None:
        for number, entry in enumerate(report.faces[:MOST_FACES]):
            if number and not go_on():
                return
            said = entry.results[self.task]
            start = time.perf_counter()
            groups = [(self.network, [self.task])]
            ours = answer(Question(photo, groups, _choices(said)), entry.face)[self.task]
            self._add(count, difference(self.task, said, ours), start)

    def _pair(self, photos: tuple[Photo, ...], report: VerifyReport, count: Count) -> None:
        start = time.perf_counter()
        first, second = (
            embedding.embed(self.network, photo, face) for photo, face in zip(photos, report.faces, strict=True)
        )
        try:
            limit, _ = embedding.threshold_for(self.network.spec, report.false_match_rate)
        except InvalidRequest:  # the candidate was calibrated over another range
            limit, _ = embedding.threshold_for(self.network.spec, None)
        verdict = float(first @ second) >= limit
        self._add(count, difference(self.task, report.verified, verdict), start)

    @staticmethod
    def _add(count: Count, found: tuple[bool, float], start: float) -> None:
        differs, amount = found
        count.compared += 1
        count.disagreements += differs
        count.difference += amount
        count.ms += (time.perf_counter() - start) * 1000


def read_candidates(known: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """The candidates that run now; networks that are loaded already are taken over. Those that make no sense any more are stopped."""
    active = {row.task: row.version.key for row in Activation.objects.select_related("version")}
    rows = Shadow.objects.select_related("candidate").filter(running=True)
    found = {}
    for row in rows:
        reason = _reason_to_stop(row, active.get(row.task, ""))
        candidate = None if reason else _loaded(row, known.get(row.task))
        if candidate is not None:
            found[row.task] = candidate
        elif reason:
            stop_shadow(row, reason=reason)
    return found


def keep_counts(candidate: Candidate, count: Count) -> None:
    """Add to the row, unless it was stopped or started anew meanwhile. A candidate that fails repeatedly is stopped."""
    rows = Shadow.objects.filter(pk=candidate.pk, running=True)
    failures = F("failures") + 1 if count.failure else 0 if count.compared else F("failures")
    rows.update(
        photographs=F("photographs") + count.photographs,
        compared=F("compared") + count.compared,
        disagreements=F("disagreements") + count.disagreements,
        difference_sum=F("difference_sum") + count.difference,
        candidate_ms_sum=F("candidate_ms_sum") + count.ms,
        dropped=F("dropped") + count.dropped,
        failures=failures,
    )
    row = rows.filter(failures__gte=MOST_FAILURES).first() if count.failure else None
    if row is not None:
        stop_shadow(row, reason=f"It failed {MOST_FAILURES} times in a row. {count.failure}")


def _reason_to_stop(row: Shadow, active_key: str) -> str:
    if active_key != row.active_key:
        return f"{active_key or 'Nothing'} answers {row.task} now, not {row.active_key}."
    if row.candidate.state != State.AVAILABLE:
        return f"{row.candidate} is not available any more."
    return ""


def _loaded(row: Shadow, known: Candidate | None) -> Candidate | None:
    if known is not None and known.pk == row.pk and known.network.spec.sha256 == row.candidate.sha256:
        return Candidate(row.pk, row.task, row.active_key, row.share, known.network)
    try:
        network = LiteRtNetwork(network_spec(row.candidate), folder_of(row.candidate), 1)
        warm_up(network)
    except (FaceError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        stop_shadow(row, reason=f"It cannot be loaded: {error}")
        return None
    return Candidate(row.pk, row.task, row.active_key, row.share, network)


def _choices(said: Any) -> Choices:
    """What the client chose, from what it was answered."""
    labels = getattr(said, "labels", OWN)
    return Choices(getattr(said, "scheme", USUAL.landmarks), USUAL.emotion_labels if labels == OWN else labels)

"""What may be done with comparisons, sets and candidates. Who may do it is decided by the views."""

from typing import Final

from django.db import transaction

from apps.evaluation.models import Comparison, EvaluationSet, Shadow
from apps.jobs import services as jobs
from apps.versions.models import Activation, ModelVersion, State
from ml import labelled

TASKS: Final = labelled.tasks()


class Refused(Exception):  # noqa: N818
    """It cannot be done; the message tells people why."""


@transaction.atomic
def compare(
    *, task: str, first: ModelVersion, second: ModelVersion, chosen: EvaluationSet, created_by_id: int | None
) -> Comparison:
    """Start a comparison.

    Raises:
        Refused: the set or a version is of another task, or both versions are one.
    """
    if chosen.task != task:
        raise Refused(f"{chosen} has labels for {chosen.task}, not for {task}.")
    for version in (first, second):
        _check_able(version, task)
    if first.pk == second.pk:
        raise Refused("Choose two different versions.")
    row = Comparison.objects.create(
        task=task, first=first, second=second, set=chosen, set_name=chosen.name, created_by_id=created_by_id
    )
    row.job = jobs.start(kind="compare", arguments={"comparison": row.pk}, created_by_id=created_by_id)
    row.save(update_fields=["job"])
    return row


@transaction.atomic
def start_shadow(*, task: str, candidate: ModelVersion, share: float, started_by_id: int | None) -> Shadow:
    """Let a candidate run beside the active version of a task, from zero.

    Raises:
        Refused: it answers already, it cannot, or the share is not within 0..1.
    """
    _check_able(candidate, task)
    active = Activation.objects.select_related("version").filter(task=task).first()
    if active is None or active.version_id == candidate.pk:
        raise Refused(f"{candidate} answers {task} already.")
    if not 0 < share <= 1:
        raise Refused("The share is more than 0 and at most 1.")
    Shadow.objects.filter(task=task).delete()
    return Shadow.objects.create(
        task=task, candidate=candidate, active_key=active.version.key, share=share, started_by_id=started_by_id
    )


def stop_shadow(row: Shadow, *, reason: str) -> None:
    """Stop a candidate; its counts stay until it is started again."""
    Shadow.objects.filter(pk=row.pk, running=True).update(running=False, reason=reason[:300])


def candidates(task: str) -> list[ModelVersion]:
    """Versions that can be compared for a task."""
    return [row for row in ModelVersion.objects.filter(state=State.AVAILABLE) if task in row.tasks]


def _check_able(version: ModelVersion, task: str) -> None:
    if task not in TASKS or task not in version.tasks:
        raise Refused(f"{version} cannot answer {task}.")
    if version.state != State.AVAILABLE:
        raise Refused(f"{version} is not available: {version.get_state_display()}.")

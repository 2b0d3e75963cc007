"""What may be done with model versions: add, check, activate, roll back. Permissions and rules are kept here, not in pages."""

import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from apps.versions import store
from apps.versions.examination import drop_unused, examine
from apps.versions.models import Activation, ActivationEvent, ModelVersion, Origin, State, VersionUse
from ml.active import SWITCHABLE

logger = logging.getLogger(__name__)

ADD: Final = "versions.add_modelversion"
ACTIVATE: Final = "versions.activate_modelversion"
NO_WAY_BACK: Final = "There is no earlier version of {task} to go back to, or it is not available any more."
_one_check = threading.Lock()  # a check may take a gigabyte


class Refused(Exception):  # noqa: N818
    """It cannot be done; the message tells people why."""


def add_upload(*, values: Mapping[str, Any], content: Iterable[bytes], user: Any) -> ModelVersion:
    """Store an uploaded network as a version that has still to be checked. values: the fields of the row but for the file's.

    Raises:
        PermissionDenied: the user may not add versions.
        Refused: somebody else added that version a moment ago.
    """
    _need(user, ADD)
    stored = store.keep(content)
    try:
        with transaction.atomic():  # after an error the database must still be asked who else has the file
            return ModelVersion.objects.create(
                **values,
                file=stored.name,
                sha256=stored.sha256,
                size_bytes=stored.size_bytes,
                state=State.CHECKING,
                origin=Origin.ADDED,
                added_by=user,
            )
    except IntegrityError as error:
        drop_unused(stored.name)
        if ModelVersion.objects.filter(network=values["network"], version=values["version"]).exists():
            raise Refused("This network has that version already: it was added a moment ago.") from error
        raise
    except BaseException:
        drop_unused(stored.name)
        raise


def request_check(version: ModelVersion) -> None:
    """Have a version checked. The one place that decides where: here, at once, within HEXAFACE_CHECK_SECONDS."""
    check_version(version.pk)


def check_version(pk: int) -> State:
    """Check an added version in a child process and write down the outcome; whatever the file does, it ends available or failed.

    Raises:
        Refused: the version is shipped, answers a task now, or was deleted meanwhile.
    """
    with _one_check:
        version = _begin(pk)
        try:
            report = examine(version)
        except Exception as error:  # a full disk, for example; the row must not stay "being checked"
            logger.exception("the check of %s broke off", version)
            report = {"ok": False, "reason": f"The check broke off: {type(error).__name__}."}
        return _conclude(version, report)


@transaction.atomic
def _begin(pk: int) -> ModelVersion:
    version = ModelVersion.objects.select_for_update().get(pk=pk)
    if version.origin == Origin.SHIPPED:
        raise Refused(f"{version} is shipped with the portal; its hash is checked at each start.")
    if version.activations.exists():
        raise Refused(f"{version} answers a task now.")
    version.state, version.reason = State.CHECKING, ""
    version.save(update_fields=["state", "reason"])
    return version


def _conclude(version: ModelVersion, report: dict[str, Any]) -> State:
    state = State.AVAILABLE if report["ok"] else State.FAILED
    there = ModelVersion.objects.filter(pk=version.pk).update(
        state=state,
        reason="" if report["ok"] else str(report.get("reason", "")),
        check_report=report if report["ok"] else {},
        checked_at=timezone.now(),
    )
    if not there:
        raise Refused(f"{version} was deleted while it was checked.")
    return state


@transaction.atomic
def activate(*, task: str, version: ModelVersion, user: Any, reason: str) -> ActivationEvent:
    """Let a version answer a task from now on; every server process follows within seconds. `user` is None for the command line.

    Raises:
        PermissionDenied: the user may not activate versions.
        Refused: the version cannot answer the task, is not available, answers already, or no reason is given.
    """
    _need(user, ACTIVATE)
    row = Activation.objects.select_for_update().select_related("version").filter(task=task).first()
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    _check_fit(task, version, reason)
    if row is not None and row.version_id == version.pk:
        raise Refused(f"{version} answers {task} already.")
    event = ActivationEvent.objects.create(
        task=task,
        from_key="" if row is None else row.version.key,
        to_key=version.key,
        to_sha256=version.sha256,
        who=user,
        who_name="" if user is None else user.get_username(),
        why=reason.strip(),
    )
    row = row or Activation(task=task)
    row.version, row.changed_by, row.chosen = version, user, True
    row.save()
    VersionUse.objects.filter(task=task, key=version.key).delete()  # counted since the activation
    return event


def roll_back(*, task: str, user: Any, reason: str) -> ActivationEvent:
    """Undo the last change of a task: the version that answered before it answers again.

    Raises:
        PermissionDenied: the user may not activate versions.
        Refused: there is nothing to go back to, or it cannot answer any more.
    """
    _need(user, ACTIVATE)
    version = previous(task)
    if version is None:
        raise Refused(NO_WAY_BACK.format(task=task))
    return activate(task=task, version=version, user=user, reason=reason)


def previous(task: str) -> ModelVersion | None:
    """The version that a roll back of the task would activate, if it may still answer."""
    last = ActivationEvent.objects.filter(task=task).first()
    if last is None or not last.from_key:
        return None
    network, _, version = last.from_key.partition(" ")
    return ModelVersion.objects.filter(network=network, version=version, state=State.AVAILABLE).first()


@transaction.atomic
def delete(*, version: ModelVersion, user: Any) -> None:
    """Delete an added version and its file; the history of activations stays.

    Raises:
        PermissionDenied: the user may not delete versions.
        Refused: it is shipped, or answers a task.
    """
    _need(user, "versions.delete_modelversion")
    if version.origin == Origin.SHIPPED:
        raise Refused(f"{version} is shipped with the portal.")
    name = version.file
    try:
        version.delete()
    except ProtectedError as error:
        raise Refused(f"{version} answers a task now.") from error
    transaction.on_commit(lambda: drop_unused(name))


def _check_fit(task: str, version: ModelVersion, reason: str) -> None:
    if task not in SWITCHABLE:
        raise Refused(f"The network of {task} is not switched here. The detector is an option of each request.")
    if task not in version.tasks:
        raise Refused(f"{version} cannot answer {task}.")
    if version.state != State.AVAILABLE:
        raise Refused(f"{version} cannot be activated: {version.get_state_display()}. {version.reason}".strip())
    if not reason.strip():
        raise Refused("Say why, for those who read the history.")


def _need(user: Any, permission: str) -> None:
    if user is not None and not user.has_perm(permission):
        raise PermissionDenied(permission)

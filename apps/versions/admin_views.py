"""Pages behind the buttons of the admin: activate, roll back, check again. What is allowed is decided by `services`."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from apps.versions import services
from apps.versions.forms import ReasonForm
from apps.versions.models import Activation, ActivationEvent, ModelVersion, Origin, ProcessState, State
from apps.versions.services import Refused
from ml.active import SWITCHABLE

HISTORY = 20  # rows shown on a card


def to_card(pk: int) -> HttpResponse:
    """To the page of a version."""
    return redirect("admin:versions_modelversion_change", pk)


def check(request: HttpRequest, row: ModelVersion) -> None:
    """Have a version checked, with a message that says how it went."""
    try:
        services.request_check(row)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return
    row.refresh_from_db()
    if row.state == State.FAILED:
        messages.error(request, f"The check of {row} failed: {row.reason}")
    elif row.state == State.AVAILABLE:
        messages.success(request, f"The check of {row} passed: it can be activated.")
    else:
        messages.info(request, f"The check of {row} goes on.")


def card_context(request: HttpRequest, row: ModelVersion) -> dict[str, Any]:
    """What the page of a version shows beside its fields."""
    answers = {activation.task for activation in row.activations.all()}
    available = row.state == State.AVAILABLE and request.user.has_perm(services.ACTIVATE)
    return {
        "active_tasks": sorted(answers),
        "can_activate": [task for task in row.tasks if task in SWITCHABLE and task not in answers] if available else [],
        "can_roll_back": [task for task in sorted(answers) if services.previous(task) is not None]
        if request.user.has_perm(services.ACTIVATE)
        else [],
        "can_check": row.origin == Origin.ADDED and not answers and request.user.has_perm(services.ADD),
        "events": (ActivationEvent.objects.filter(to_key=row.key) | ActivationEvent.objects.filter(from_key=row.key))[
            :HISTORY
        ],
        "processes": ProcessState.objects.filter(wanted=row.key) | ProcessState.objects.filter(serving=row.key),
    }


class _ReasonView(View):
    """Asks for the reason, then does it."""

    http_method_names = ("get", "post")
    title = ""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Only for those who may."""
        super().setup(request, *args, **kwargs)
        if not request.user.has_perm(services.ACTIVATE):
            raise PermissionDenied
        self.now = Activation.objects.select_related("version").filter(task=kwargs["task"]).first()

    def target(self, **kwargs: Any) -> ModelVersion:
        """The version that shall answer."""
        raise NotImplementedError

    def act(self, user: Any, reason: str, **kwargs: Any) -> ActivationEvent:
        """Do it."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Ask."""
        return self._page(request, ReasonForm(), kwargs)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Do it, or say why not."""
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, kwargs)
        version = self.target(**kwargs)
        try:
            event = self.act(request.user, form.cleaned_data["reason"], **kwargs)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, f"{event.task} is answered by {event.to_key}. Every server process follows within seconds."
            )
        return to_card(version.pk)

    def _page(self, request: HttpRequest, form: ReasonForm, kwargs: dict[str, Any]) -> HttpResponse:
        context = {
            **admin.site.each_context(request),
            "title": self.title.format(task=kwargs["task"]),
            "opts": ModelVersion._meta,  # noqa: SLF001 (Django's own name for it)
            "form": form,
            "task": kwargs["task"],
            "now": self.now,
            "target": self.target(**kwargs),
        }
        return render(request, "admin/versions/reason.html", context)


class ActivateView(_ReasonView):
    """Let a version answer a task."""

    title = "Activate for {task}"

    def target(self, **kwargs: Any) -> ModelVersion:
        """The version of the address."""
        return get_object_or_404(ModelVersion, pk=kwargs["pk"])

    def act(self, user: Any, reason: str, **kwargs: Any) -> ActivationEvent:
        """Activate."""
        return services.activate(task=kwargs["task"], version=self.target(**kwargs), user=user, reason=reason)


class RollBackView(_ReasonView):
    """Let the version before answer again."""

    title = "Roll back {task}"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Ask, if there is one."""
        if self.now is not None and services.previous(kwargs["task"]) is None:
            messages.error(request, services.NO_WAY_BACK.format(task=kwargs["task"]))
            return to_card(self.now.version_id)
        return super().get(request, **kwargs)

    def target(self, **kwargs: Any) -> ModelVersion:
        """The version before."""
        found = services.previous(kwargs["task"]) or (self.now and self.now.version)
        return found or get_object_or_404(ModelVersion, pk=0)

    def act(self, user: Any, reason: str, **kwargs: Any) -> ActivationEvent:
        """Roll back."""
        return services.roll_back(task=kwargs["task"], user=user, reason=reason)


class CheckView(View):
    """Check an added version again."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do it."""
        if not request.user.has_perm(services.ADD):
            raise PermissionDenied
        row = get_object_or_404(ModelVersion, pk=pk)
        check(request, row)
        return to_card(pk)

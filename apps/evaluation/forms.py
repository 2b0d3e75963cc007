"""The forms: what to compare, a new set, a candidate."""

from typing import Any, Final

from django import forms

from apps.evaluation import sets
from apps.evaluation.models import EvaluationSet
from apps.evaluation.services import TASKS, candidates
from apps.versions.models import Activation, ModelVersion
from ml.tasks.base import USUAL


class _VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A version; the active one says so."""

    active: int | None = None

    def label_from_instance(self, obj: Any) -> str:
        """Network, version, and whether it answers now."""
        return f"{obj} (active)" if obj.pk == self.active else str(obj)


def _versions(task: str, label: str) -> _VersionChoice:
    able = [row.pk for row in candidates(task)]
    field = _VersionChoice(ModelVersion.objects.filter(pk__in=able), label=label, empty_label=None)
    field.active = Activation.objects.filter(task=task).values_list("version_id", flat=True).first()
    return field


class CompareForm(forms.Form):
    """Two versions and a set, all of one task."""

    def __init__(self, task: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first"] = first = _versions(task, "Version")
        self.fields["second"] = second = _versions(task, "Compared with")
        there = [row.pk for row in EvaluationSet.objects.filter(task=task) if sets.is_there(row)]
        self.fields["set"] = forms.ModelChoiceField(
            EvaluationSet.objects.filter(pk__in=there), label="On the set", empty_label=None
        )
        first.initial = first.active
        others = first.queryset.exclude(pk=first.active) if first.queryset is not None else None
        second.initial = others.first() if others is not None else None

    @property
    def is_possible(self) -> bool:
        """Whether there is anything to choose."""
        return len(self._choices("first")) > 1 and len(self._choices("set")) > 0

    def _choices(self, name: str) -> list[Any]:
        field: Any = self.fields[name]
        return list(field.choices)


LABELS_FOR: Final = {task: (task, task, USUAL.emotion_labels) for task in TASKS} | {
    "emotion fer2013": ("emotion, as FER-2013 labels it", "emotion", "fer2013")
}
"""What a set may hold labels for: choice -> words, task, whose labels of expressions."""


class SetForm(forms.Form):
    """A new evaluation set."""

    name = forms.CharField(max_length=100, label="Name")
    task = forms.ChoiceField(
        choices=[(choice, words) for choice, (words, _, _) in LABELS_FOR.items()], label="Labels for"
    )
    skip = forms.BooleanField(
        required=False,
        label="Each image is already cut to one face",
        help_text="It is framed around the face in its middle; none is left out.",
    )
    archive = forms.FileField(
        label="Zip archive", allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ".zip,application/zip"})
    )

    def clean_name(self) -> str:
        """Each name once."""
        name = str(self.cleaned_data["name"]).strip()
        if EvaluationSet.objects.filter(name=name).exists():
            raise forms.ValidationError(sets.TAKEN)
        return name

    def clean(self) -> dict[str, Any]:
        """The task and, of expressions, whose labels they are."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        _, given["task"], given["emotion_labels"] = LABELS_FOR.get(given.get("task", ""), ("", "", ""))
        return given


class ShadowForm(forms.Form):
    """A candidate beside the active version."""

    task = forms.ChoiceField(choices=[(task, task) for task in TASKS], widget=forms.HiddenInput)
    share = forms.FloatField(
        label="Share of photographs", min_value=0.001, max_value=1, initial=0.1, help_text="0.1 is every tenth."
    )

    def __init__(self, task: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].initial = task
        self.fields["candidate"] = field = _versions(task, "Candidate")
        if field.queryset is not None:
            field.queryset = field.queryset.exclude(pk=field.active)

    @property
    def is_possible(self) -> bool:
        """Whether there is any candidate."""
        field: Any = self.fields["candidate"]
        return len(list(field.choices)) > 0

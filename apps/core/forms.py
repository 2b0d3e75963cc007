"""The form of a task's page, made from its options: one function for all tasks."""

import functools
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from pydantic.fields import FieldInfo

from apps.core import samples
from apps.core.inputs import TaskInput, file_bytes, validate
from apps.core.registry import TaskPage
from ml.errors import InvalidRequest

ACCEPT = "image/jpeg,image/png,image/webp,image/bmp,image/gif,image/heic,image/heif,.heic,.heif"


WHOLE = "whole"
"""A form that sends this has all options of its task; what is not ticked was meant."""


class Tick(forms.CheckboxInput):
    """A box to tick that can be told from one that was not on the form: then the option's default holds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """A hidden "off" before the box: the last value sent counts."""
        return format_html(
            '<input type="hidden" name="{}" value="off">{}', name, super().render(name, value, attrs, renderer)
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> bool | None:  # type: ignore[override]  # noqa: ARG002
        """True, False, or None when nothing was sent."""
        sent = data.getlist(name) if hasattr(data, "getlist") else [data[name]] if name in data else []
        return sent[-1].lower() not in {"off", "false", "0", ""} if sent else None


class TaskForm(forms.Form):
    """Photographs (or the name of a sample for each) and options of one task."""

    task: TaskPage

    def __init__(self, data: QueryDict | None = None, files: Any = None) -> None:
        super().__init__(data if data is None or WHOLE in data else _with_defaults(data, self.base_fields), files)

    def to_input(self) -> TaskInput:
        """Bytes and validated options.

        Raises:
            FaceError: something is missing or wrong.
        """
        if not self.is_valid():
            wrong = {name: " ".join(str(text) for text in texts) for name, texts in self.errors.items()}
            message = " ".join(
                f"{self[name].label if name in self.fields else 'Form'}: {text}" for name, text in wrong.items()
            )
            raise InvalidRequest(message, {"wrong": wrong})
        images = tuple(self._image(name) for name in self.task.images)
        given = {name: self.cleaned_data[name] for name in _shown(self.task)}
        return TaskInput(
            images, validate(self.task.options, {name: value for name, value in given.items() if not _empty(value)})
        )

    def _image(self, name: str) -> bytes:
        file = self.cleaned_data[name]
        if file is not None:
            return file_bytes(file)
        sample = self.cleaned_data[sample_field(name)]
        if sample:
            return samples.read(sample)
        which = "a photograph" if len(self.task.images) == 1 else self[name].label
        raise InvalidRequest(f"Choose {which} first.", {"missing": [name], "wrong": {name: "missing"}})


def _with_defaults(data: QueryDict, fields: Mapping[str, forms.Field]) -> QueryDict:
    """What a shorter form sent, as on the home page, with the options that it does not have at their defaults."""
    filled = data.copy()
    for name, field in fields.items():
        initial = field.initial
        if name not in data and initial is not None:
            values = initial if isinstance(initial, list) else [initial]
            filled.setlist(name, [str(value) if isinstance(value, bool) else value for value in values])
    return filled


def sample_field(image: str) -> str:
    """Name of the field that stands in for a photograph: image -> sample, image1 -> sample1."""
    return image.replace("image", "sample")


@functools.cache
def form_class(task: TaskPage) -> type[TaskForm]:
    """The form of a task."""
    fields: dict[str, forms.Field] = {}
    for number, name in enumerate(task.images, start=1):
        label = "Photograph" if len(task.images) == 1 else f"Photograph {number}"
        fields[name] = forms.FileField(
            label=label, required=False, allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ACCEPT})
        )
        fields[sample_field(name)] = forms.ChoiceField(required=False, choices=_sample_choices)
    fields |= {name: _field(info) for name, info in _shown(task).items()}
    return type(f"{task.slug.title()}Form", (TaskForm,), {**fields, "task": task})


def _shown(task: TaskPage) -> dict[str, FieldInfo]:
    return {name: info for name, info in task.options.model_fields.items() if name not in task.options.for_programs}


def _sample_choices() -> list[tuple[str, str]]:
    return [("", "None"), *((name, name.replace("_", " ")) for name in samples.names())]


def _field(info: FieldInfo) -> forms.Field:
    kind = _plain_type(info.annotation)
    common: dict[str, Any] = {
        "label": info.title,
        "help_text": info.description or "",
        "required": False,
        "initial": info.get_default(call_default_factory=True, validated_data={}),
    }
    if kind is bool:
        return forms.NullBooleanField(widget=Tick, **common)
    if get_origin(kind) is Literal:
        return forms.ChoiceField(choices=[(choice, choice) for choice in get_args(kind)], **common)
    if get_origin(kind) is list:
        return _choices_field(common)
    lowest, highest = _bounds(info)
    number = forms.IntegerField if kind is int else forms.FloatField
    return number(min_value=lowest, max_value=highest, **common)


def _choices_field(common: dict[str, Any]) -> forms.Field:
    choices = [(choice, choice.replace("_", " ").capitalize()) for choice in common["initial"]]
    return forms.MultipleChoiceField(
        choices=choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
        **common | {"required": True},
    )


def _plain_type(annotation: Any) -> Any:
    """The type without None."""
    choices = [choice for choice in get_args(annotation) if choice is not type(None)]
    is_union = type(None) in get_args(annotation)
    return choices[0] if is_union else annotation


def _bounds(info: FieldInfo) -> tuple[Any, Any]:
    lowest = highest = None
    for rule in info.metadata:
        if isinstance(rule, Ge | Gt):
            lowest = rule.ge if isinstance(rule, Ge) else rule.gt
        if isinstance(rule, Le | Lt):
            highest = rule.le if isinstance(rule, Le) else rule.lt
    return lowest, highest


def _empty(value: object) -> bool:
    """Left blank: the option's default holds."""
    return value in (None, "", [])

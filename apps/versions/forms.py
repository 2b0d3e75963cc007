"""Forms of the admin: a new version, and the reason for a change."""

import json
from typing import Any, Final, Never, get_args

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from apps.versions.entries import KEYS, PRECISIONS, TEXTS, problems, together
from apps.versions.models import ModelVersion
from ml.active import SWITCHABLE
from ml.manifest import Align, Colour

_DESCRIPTION_BYTES: Final = 200_000


def _choices(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("", "as in the file"), *((name, name) for name in names)]


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not a number")


class UploadForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A network and its description: by fields, by a JSON file with the keys of a manifest entry, or both; a filled field wins."""

    upload = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="A LiteRT file (.tflite), or a Keras file (.keras) of plain layers: it is converted where TensorFlow is installed.",
    )
    description = forms.FileField(
        label="Description",
        required=False,
        help_text="JSON with the keys of a [[network]] entry in weights/manifest.toml. Fields below that are filled win over it.",
    )
    tasks = forms.MultipleChoiceField(
        choices=[(task, task) for task in SWITCHABLE], required=False, widget=forms.CheckboxSelectMultiple
    )
    outputs = forms.CharField(
        required=False, help_text="Names of the outputs in the order of the file, separated by commas."
    )
    height = forms.IntegerField(required=False, min_value=8, max_value=1024, help_text="Of the input, in pixels.")
    width = forms.IntegerField(required=False, min_value=8, max_value=1024)
    align = forms.ChoiceField(
        required=False,
        choices=_choices(get_args(Align)),
        help_text="How the face is cut out: around its box, or by its five points.",
    )
    margin = forms.FloatField(
        required=False, min_value=0.5, max_value=3, help_text="Side of the crop in sides of the box."
    )
    colour = forms.ChoiceField(required=False, choices=_choices(get_args(Colour)))
    mean = forms.CharField(
        required=False, help_text="Subtracted from each pixel (0 to 255): one number, or one per channel."
    )
    scale = forms.FloatField(required=False, help_text="Then multiplied by this, for example 0.00392 for 0 to 1.")
    labels = forms.JSONField(
        required=False,
        initial=dict,
        help_text='Where the order of the labels is not ours: {"emotion": ["happy", "sad", ...]}.',
    )
    calibration = forms.JSONField(
        required=False,
        initial=dict,
        help_text='Constants by task; verify needs {"verify": {"operating_points": [...]}}.',
    )
    precision = forms.ChoiceField(
        required=False,
        choices=_choices(PRECISIONS),
        help_text="int8 rounds the larger convolutions as the file is loaded: faster, and a little off.",
    )
    commercial = forms.NullBooleanField(
        required=False, label="Commercial use", help_text="Whether the licence and the training data allow it."
    )

    class Meta:
        """What goes into the row as it is."""

        model = ModelVersion
        fields = TEXTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """All texts may come from the description."""
        super().__init__(*args, **kwargs)
        for name in TEXTS:
            self.fields[name].required = False

    def clean_upload(self) -> "UploadedFile[Any]":
        """Not larger than allowed."""
        upload: UploadedFile[Any] = self.cleaned_data["upload"]
        limit = settings.HEXAFACE.max_model_bytes
        if (upload.size or 0) > limit:
            raise forms.ValidationError(f"The file has {upload.size:,} bytes; at most {limit:,} are taken.")
        return upload

    def clean_description(self) -> dict[str, Any]:
        """The entry that the file holds; empty without a file."""
        file = self.cleaned_data["description"]
        if file is None:
            return {}
        try:
            entry = json.loads(file.read(_DESCRIPTION_BYTES), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is not JSON: {error}") from error
        if not isinstance(entry, dict):
            raise forms.ValidationError("The description must be a JSON object.")
        unknown = sorted(set(entry) - KEYS)
        if unknown:
            raise forms.ValidationError(
                f"Unknown keys: {', '.join(unknown)[:200]}. Known are {', '.join(sorted(KEYS))}."
            )
        return entry

    def clean(self) -> dict[str, Any]:
        """Fields and description put together in `values`, the fields of the row."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        self.values = together(cleaned, cleaned.get("description") or {})
        for field, problem in problems(self.values).items():
            self.add_error(field, problem)
        return cleaned | {name: self.values[name] for name in TEXTS}


class ReasonForm(forms.Form):
    """Why something is changed."""

    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text="Stays in the history for those who come later.",
    )

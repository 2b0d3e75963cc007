"""How the pages lay out a task's form: photographs, samples, options."""

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.templatetags.static import static

from apps.core import samples

register = template.Library()


@register.simple_tag
def upload_limit() -> str:
    """The largest photograph that is read: "20 MB"."""
    return f"{settings.HEXAFACE.max_upload_mb:g} MB"


@register.simple_tag
def upload_limit_bytes() -> int:
    """The same as a number."""
    limit: int = settings.HEXAFACE.max_upload_bytes
    return limit


@register.filter
def photograph_fields(form: forms.Form) -> list[BoundField]:
    """The fields that take a photograph."""
    return [field for field in form if isinstance(field.field, forms.FileField)]


@register.filter
def option_fields(form: forms.Form) -> list[BoundField]:
    """All that is neither a photograph nor a sample."""
    return [
        field for field in form if not isinstance(field.field, forms.FileField) and not field.name.startswith("sample")
    ]


@register.filter
def sample_field(form: forms.Form, photograph: BoundField) -> BoundField | None:
    """The field that names a sample for this photograph: image -> sample, image2 -> sample2."""
    name = photograph.name.replace("image", "sample")
    return form[name] if name in form.fields else None


@register.simple_tag
def sample_photographs() -> list[tuple[str, str, str]]:
    """(name, address, text) of each sample on offer."""
    return [(name, static(f"samples/{name}.jpg"), name.replace("_", " ").title()) for name in samples.names()]


@register.filter
def many(field: BoundField) -> bool:
    """Whether a field is a group of boxes to tick."""
    return isinstance(field.field.widget, forms.CheckboxSelectMultiple | forms.RadioSelect)


@register.filter
def tick(field: BoundField) -> bool:
    """Whether a field is one box to tick."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def has_option_errors(form: forms.Form) -> bool:
    """Whether an option was refused, so that the options are shown open."""
    return form.is_bound and any(field.errors for field in option_fields(form))

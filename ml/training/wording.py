"""How figures are written in the docs."""

from typing import Final

SHARE: Final = "{:.1%}"
YEARS: Final = "{:.2f} years"
PERCENT: Final = "{:.2f} %"
SMALL: Final = "{:.3g}"


def said(form: str, *values: float) -> str:
    """One figure, or two with "to" between them and the unit at the end: "95.1 %", "5.12 to 5.58 years"."""
    texts = [form.format(value).replace("%", " %").replace("  ", " ") for value in values]
    return " to ".join([*(text.split(" ")[0] for text in texts[:-1]), texts[-1]])

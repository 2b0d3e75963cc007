"""Requests about evaluation sets and comparisons, and what they leave."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.versions.models import Activation, ModelVersion

SETS = "/compare/sets/"


def add(client: Client, data: bytes, task: str = "age", name: str = "Ours", **more: str) -> Any:
    file = SimpleUploadedFile("set.zip", data, "application/zip")
    return client.post(SETS, {"name": name, "task": task, "archive": file, **more})


def text(response: Any) -> str:
    html = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'").replace("&quot;", '"')


def folders() -> list[Path]:
    return list((settings.HEXAFACE.home / "evaluation").glob("*"))


def pair_of(task: str) -> tuple[ModelVersion, ModelVersion]:
    """The active version of a task and a second one: another that is shipped, or a copy."""
    first = Activation.objects.get(task=task).version
    others = [row for row in ModelVersion.objects.exclude(pk=first.pk) if task in row.tasks]
    if others:
        return first, others[0]
    copy = ModelVersion.objects.get(pk=first.pk)
    copy.pk, copy.network = None, f"copy-of-{first.network}"
    copy.save()
    return first, copy

"""What an administrator and a program do with versions."""

from typing import Any

from django.test import Client
from django.urls import reverse

from apps.versions.models import ModelVersion


def version(key: str) -> ModelVersion:
    network, _, number = key.partition(" ")
    return ModelVersion.objects.get(network=network, version=number)


def answer(web: Client, jpeg: bytes, **options: Any) -> dict[str, Any]:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415

    response = web.post("/api/v1/age", {"image": SimpleUploadedFile("a.jpg", jpeg), **options})
    assert response.status_code == 200, response.content
    return dict(response.json())


def key_of(report: dict[str, Any]) -> str:
    return f"{report['model']['network']} {report['model']['version']}"


def click(chief: Client, name: str, *arguments: object, reason: str = "measured better") -> Any:
    address = reverse(f"admin:{name}", args=arguments)
    assert chief.get(address).status_code == 200
    return chief.post(address, {"reason": reason}, follow=True)

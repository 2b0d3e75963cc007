"""Networks to upload: made from shipped ones, or made wrong on purpose, without a file of their own in the repository."""

import io
import json
import tomllib
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.versions.models import ModelVersion
from ml import manifest

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights"
OWN = manifest.load(WEIGHTS / "manifest.toml").active["age"]
"""What answers age as shipped."""
OTHER = "tiny-xception 1.0.0"
ADD = "/admin/versions/modelversion/add/"
_NOT_DESCRIBED = {"file", "keras", "sha256", "keras_sha256", "arch", "arch_args"}


def described(key: str, **changes: Any) -> dict[str, Any]:
    """The description of a shipped network, as a person would send it, under another version."""
    entries = tomllib.loads((WEIGHTS / "manifest.toml").read_text("utf-8"))["network"]
    entry = next(entry for entry in entries if f"{entry['name']} {entry['version']}" == key)
    return {name: value for name, value in entry.items() if name not in _NOT_DESCRIBED} | {"version": "9.0.0"} | changes


def content(key: str) -> bytes:
    """The file of a shipped network."""
    return (WEIGHTS / manifest.load(WEIGHTS / "manifest.toml").networks[key].file).read_bytes()


def send(client: Client, data: bytes, entry: dict[str, Any], *, name: str = "network.tflite", **fields: Any) -> Any:
    """Upload through the admin's form."""
    description = io.BytesIO(json.dumps(entry).encode())
    description.name = "description.json"
    return client.post(ADD, {"upload": SimpleUploadedFile(name, data), "description": description, **fields})


def upload(client: Client, data: bytes, entry: dict[str, Any], **fields: Any) -> ModelVersion:
    """Upload, and the row that came of it."""
    response = send(client, data, entry, **fields)
    assert response.status_code == 302, response.content.decode()[-3000:]
    return ModelVersion.objects.get(network=entry["name"], version=entry["version"])

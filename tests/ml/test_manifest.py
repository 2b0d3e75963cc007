"""The manifest: read, written, verified; every wrong one is a clear error."""

from pathlib import Path

import pytest

from ml.errors import NotReady
from ml.manifest import load, sha256_of, upsert, verified

ENTRY = {
    "name": "n",
    "version": "1.0.0",
    "file": "n.tflite",
    "outputs": ["y"],
    "input": {"size": [8, 8], "mean": [1.0]},
}


def written(tmp_path: Path, **changes: object) -> Path:
    (tmp_path / "n.tflite").write_bytes(b"weights")
    path = tmp_path / "manifest.toml"
    upsert(path, ENTRY | changes, active=("age",))
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "is missing"),
        ("[[network", "cannot be read"),
        ('[[network]]\nname = "n"', "cannot be read"),
        ('[active]\nage = "gone 1.0.0"', "gone 1.0.0"),
    ],
)
def test_a_wrong_manifest_is_not_ready(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "manifest.toml"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(NotReady, match=says):
        load(path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"input": {"align": "five_point"}}, "align is one of"),
        ({"input": {"colour": "RGB"}}, "colour is one of"),
        ({"precision": "int4"}, "precision is one of"),
        ({"input": {"margins": 1.2}}, "margins"),
    ],
)
def test_a_slip_in_an_entry_is_named(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        written(tmp_path, **changes)


def test_empty_manifest_has_no_networks(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text("", "utf-8")
    assert not load(path).networks
    with pytest.raises(NotReady, match="No network n"):
        load(path).find("n")


def test_upsert_fills_the_hash_and_replaces_the_same_version(tmp_path: Path) -> None:
    path = written(tmp_path, title="old")
    upsert(path, ENTRY | {"title": "new"}, active=("age",))
    upsert(path, ENTRY | {"version": "2.0.0"})
    manifest = load(path)
    assert list(manifest.networks) == ["n 1.0.0", "n 2.0.0"]
    assert manifest.networks["n 1.0.0"].title == "new"
    assert manifest.networks["n 1.0.0"].sha256 == sha256_of(tmp_path / "n.tflite")
    assert manifest.find("n").version == "1.0.0"
    assert manifest.find("n", "2.0.0").input.size == (8, 8)


def test_weights_are_verified(tmp_path: Path) -> None:
    spec = load(written(tmp_path)).find("n")
    assert verified(tmp_path / spec.file, spec.sha256) == b"weights"
    (tmp_path / "n.tflite").write_bytes(b"other")
    with pytest.raises(NotReady, match="sha256"):
        verified(tmp_path / spec.file, spec.sha256)
    (tmp_path / "n.tflite").unlink()
    with pytest.raises(NotReady, match="missing"):
        verified(tmp_path / spec.file, spec.sha256)

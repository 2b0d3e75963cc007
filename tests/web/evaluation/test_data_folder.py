"""The data sets of training as evaluation sets."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from apps.evaluation.models import EvaluationSet
from tests.web import archives
from tests.web.evaluation.asking import SETS, add, text

pytestmark = pytest.mark.django_db


def test_data_sets_of_the_workshop(chief: Client, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "utkface"
    folder.mkdir()
    (folder / "images.zip").write_bytes(archives.packed(archives.faces()))
    (folder / "labels.csv").write_text("file,age,gender,split\na.jpg,30,female,val\nc.jpg,40,male,train\n", "utf-8")
    settings.HEXAFACE = replace(settings.HEXAFACE, data=str(tmp_path))
    fer = tmp_path / "fer2013"
    fer.mkdir()
    (fer / "images.zip").write_bytes(archives.packed(archives.faces()))
    (fer / "labels.csv").write_text("file,label,split\na.jpg,happy,val\n", "utf-8")
    assert "UTKFace val, age" in text(chief.get("/compare/?task=age"))
    assert "UTKFace val, gender" in text(chief.get("/compare/?task=gender"))
    kept = set(EvaluationSet.objects.values_list("task", "images", "rows", "emotion_labels"))
    assert kept == {("age", 1, 1, "crowd"), ("gender", 1, 1, "crowd"), ("emotion", 1, 1, "fer2013")}
    settings.HEXAFACE = replace(settings.HEXAFACE, data="")
    assert "files are gone" in text(chief.get(SETS))


@pytest.mark.parametrize(
    "table", [None, b"", b"file,age,gender,split\na.jpg,30,female,train\n", b"file,label\n", b"\xff\xfe"]
)
def test_a_bad_data_set_leaves_the_others(
    chief: Client, settings: Settings, tmp_path: Path, table: bytes | None
) -> None:
    assert add(chief, archives.good("mask"), "mask", "Mask val").status_code == 302
    tables = {"utkface": table, "mask": b"file,label\na.jpg,mask\n", "fer2013": b"file,label\na.jpg,happy\n"}
    for name, labels in tables.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "images.zip").write_bytes(archives.packed(archives.faces()))
        if labels is not None:
            (tmp_path / name / "labels.csv").write_bytes(labels)
    settings.HEXAFACE = replace(settings.HEXAFACE, data=str(tmp_path))
    for _twice in range(2):
        assert chief.get("/compare/?task=age").status_code == 200
        assert set(EvaluationSet.objects.values_list("name", "source")) == {
            ("Mask val", ""),
            ("FER-2013 PublicTest", "fer2013"),
        }

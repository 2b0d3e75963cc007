"""Files that want to do harm, or are merely wrong: the row says failed and why, the server goes on, nothing else is touched."""

import dataclasses
import html
import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from django.test import Client
from pytest_django import Settings

from apps.core.engine import get_engine
from apps.versions import services, store
from apps.versions.models import ModelVersion, State
from apps.versions.serving import Follower
from tests.web.candidates import content, described, send, upload

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TINY, MINI = "tiny-xception 1.0.0", "mini-xception 1.0.0"


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> None:
    """A store of its own, and a small limit."""
    settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, home=tmp_path, check_seconds=240.0, max_model_mb=10.0)


def litert(function: Callable[[Any], Any], shape: tuple[int, ...] = (1, 64, 64, 1), dtype: Any = tf.float32) -> bytes:
    """A LiteRT file made of a function."""
    concrete = tf.function(function, input_signature=[tf.TensorSpec(shape, dtype)]).get_concrete_function()
    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())


def emotion(x: Any) -> Any:
    """Seven shares that depend on the picture."""
    return tf.nn.softmax(tf.reduce_mean(x, [1, 2]) * tf.constant(np.arange(7.0)[None], tf.float32))


def huge(x: Any) -> Any:
    """A tensor of sixteen terabytes on the way to seven shares."""
    wide = tf.broadcast_to(tf.reshape(tf.reduce_mean(x), [1, 1]), [2_000_000, 2_000_000])
    return emotion(x + tf.reduce_max(tf.math.sin(wide)))


def endless(x: Any) -> Any:
    """A loop that does not end."""
    _, y = tf.while_loop(lambda i, _: i >= 0, lambda i, y: (i, tf.math.sin(y)), (tf.constant(0), x))
    return emotion(y)


Cases = dict[str, tuple[Callable[[], bytes], str]]
LITERT: Cases = {
    "empty": (lambda: b"", "empty"),
    "text": (lambda: b"#!/bin/sh\nrm -rf /\n" * 100, "not a LiteRT file"),
    "pickle": (lambda: pickle.dumps({"weights": [1.0] * 100}), "not a LiteRT file"),
    "random with the magic": (
        lambda: b"\x1c\0\0\0TFL3" + np.random.default_rng(0).bytes(50_000),
        "LiteRT cannot read|crash",
    ),
    "truncated": (lambda: content(MINI)[:60_000], "LiteRT cannot read|crash|cannot"),
    "another task's network": (lambda: content(TINY), "input has the shape"),
    "six labels": (lambda: litert(lambda x: emotion(x)[:, :6]), "has the shape \\[1, 6\\]"),
    "two outputs": (lambda: litert(lambda x: (emotion(x), x)), "2 outputs"),
    "whole numbers": (
        lambda: litert(lambda x: emotion(tf.cast(x, tf.float32)), dtype=tf.int32),
        "input must be float32",
    ),
    "whole answers": (lambda: litert(lambda x: tf.cast(emotion(x), tf.int32)), "output emotion must be float32"),
    "logits": (lambda: litert(lambda x: emotion(x) * 9 - 4), "must lie in 0..1"),
    "no shares": (lambda: litert(lambda x: tf.math.minimum(emotion(x), 0.05)), "softmax missing"),
    "not finite": (lambda: litert(lambda x: emotion(x) * tf.math.log(-1 - tf.reduce_mean(x * x))), "not finite"),
    "blind": (lambda: litert(lambda x: emotion(x * 0)), "the same whatever"),
    "moody": (lambda: litert(lambda x: emotion(x + 9 * tf.random.uniform([1, 1, 1, 1]))), "not the same|cannot|crash"),
    "huge tensor": (lambda: litert(huge), "memory|crash"),
    "endless": (lambda: litert(endless), "longer than|stopped"),
}


@pytest.mark.parametrize("case", LITERT)
def test_litert(chief: Client, settings: Settings, case: str) -> None:
    make, says = LITERT[case]
    if case == "endless":
        settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, check_seconds=8.0)
    fails(chief, make(), says, described(MINI))


def keras_file(layers: Callable[[Any], Any], shape: tuple[int, ...] = (64, 64, 1)) -> bytes:
    """A model of Keras as a file."""
    picture = keras.Input(shape)
    with io.BytesIO() as stream:
        path = store.folder() / "model.keras"
        keras.Model(picture, layers(picture)).save(path)
        stream.write(path.read_bytes())
        path.unlink()
        return stream.getvalue()


def head(x: Any) -> Any:
    return keras.layers.Dense(7, activation="softmax", name="emotion")(keras.layers.GlobalAveragePooling2D()(x))


def changed(data: bytes, members: dict[str, bytes | None]) -> bytes:
    """The archive with other members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        kept = {name: old.read(name) for name in old.namelist()} | members
        for name, value in kept.items():
            if value is not None:
                new.writestr(name, value)
    return stream.getvalue()


class Evil:
    """Makes a file when it is unpickled."""

    def __reduce__(self) -> Any:
        return (os.mkdir, ("/tmp/hexaface-was-here",))


def with_config(change: Callable[[str], str]) -> bytes:
    data = keras_file(head)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        config = archive.read("config.json").decode()
    assert change(config) != config
    return changed(data, {"config.json": change(config).encode()})


def lying() -> bytes:
    """A member that unpacks to more than the directory says."""
    data = bytearray(changed(keras_file(head), {"model.weights.h5": b"\0" * 1_000_000}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(data)


KERAS: Cases = {
    "not an archive": (lambda: b"PK\x03\x04" + b"x" * 1000, "not a Keras file"),
    "pickle inside": (lambda: changed(keras_file(head), {"model.pkl": pickle.dumps(Evil())}), "nothing else"),
    "pickle instead of weights": (lambda: changed(keras_file(head), {"model.weights.h5": pickle.dumps(Evil())}), "."),
    "path in a name": (lambda: changed(keras_file(head), {"../../evil.py": b"x"}), "nothing else"),
    "Lambda": (lambda: keras_file(lambda x: head(keras.layers.Lambda(lambda y: y * 2)(x))), "Lambda layer"),
    "module": (lambda: with_config(lambda text: text.replace('"keras.layers"', '"os"')), "module os"),
    "own class": (
        lambda: with_config(lambda text: text.replace('"registered_name": null', '"registered_name": "evil>Layer"', 1)),
        "class of its own",
    ),
    "no description": (lambda: changed(keras_file(head), {"config.json": None}), "config.json is missing"),
    "deep": (lambda: changed(keras_file(head), {"config.json": b'{"a":' * 5000 + b"1" + b"}" * 5000}), "."),
    "bomb": (lambda: changed(keras_file(head), {"model.weights.h5": b"\0" * 25_000_000}), "Unpacked it would have"),
    "bomb that lies": (lying, "lies|not a Keras file"),
    "enormous layer": (
        lambda: with_config(lambda text: text.replace('"units": 7', '"units": 2000000000000')),
        ".",
    ),
}


@pytest.mark.parametrize("case", KERAS)
def test_keras(chief: Client, case: str) -> None:
    make, says = KERAS[case]
    fails(chief, make(), says, described(MINI))
    assert not Path("/tmp/hexaface-was-here").exists()


def test_an_honest_keras_file_is_converted(chief: Client) -> None:
    row = upload(chief, keras_file(lambda x: head(keras.layers.Conv2D(4, 3, activation="relu")(x))), described(MINI))
    assert (row.state, row.reason) == (State.AVAILABLE, "")
    assert row.file.endswith(".tflite")
    assert [path.name for path in store.folder().iterdir()] == [row.file]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tasks": ["emotion", "age"]}, "age needs the outputs age"),
        ({"tasks": ["synthesis"]}, "synthesis needs"),
        ({"outputs": ["emotion", "age"]}, "1 outputs; 2 are described"),
        ({"outputs": ["feeling"]}, "emotion needs the outputs emotion"),
        ({"labels": {"emotion": ["happy"]}}, "labels of emotion are not ours"),
        ({"labels": {"gender": ["f", "m"]}}, "has no labels"),
        ({"input": {"align": "box", "colour": "gray"}}, "needs a size"),
        ({"input": {"size": [64, 64], "colour": "rgb"}}, "input has the shape"),
        ({"input": {"size": "big", "colour": "gray"}}, "."),
        ({"input": {"size": [10**9, 10**9], "colour": "gray"}}, "input has the shape"),
    ],
)
def test_descriptions_that_do_not_fit(chief: Client, changes: dict[str, Any], says: str) -> None:
    fails(chief, content(MINI), says, described(MINI, **changes))


@pytest.mark.parametrize(
    ("key", "calibration", "says"),
    [
        ("mesh 1.0.0", {"landmarks": {"foo": 1}}, "calibration that is described: KeyError"),
        ("dcgan 2.0.0", {"synthesis": {"directions": 1}}, "directions cannot be read"),
        ("dcgan 2.0.0", {"synthesis": {"directions": {"smile": 1}}}, "directions cannot be read"),
        ("dcgan 2.0.0", {"synthesis": {"directions": {"smile": "no base64!"}}}, "must be 100 finite numbers"),
        ("dcgan 2.0.0", {"synthesis": {"directions": {"smile": "AAAA"}}}, "directions cannot be read"),
        ("dcgan 2.0.0", {"synthesis": {"directions": {"smile": "AAAAAAAA"}}}, "must be 100 finite numbers"),
    ],
)
def test_a_calibration_that_gives_no_answer(chief: Client, key: str, calibration: dict[str, Any], says: str) -> None:
    fails(chief, content(key), says, described(key, calibration=calibration))


def test_expressions_by_both_labels_are_tried(chief: Client) -> None:
    def five(x: Any) -> Any:
        return {"emotion": emotion(x), "emotion_fer2013": emotion(x)[:, :5]}

    fails(chief, litert(five), "emotion_fer2013 has the shape", described(MINI, outputs=["emotion", "emotion_fer2013"]))


def test_verify_needs_thresholds(chief: Client) -> None:
    fails(
        chief,
        content("mobilefacenet 2.0.0"),
        "no calibrated thresholds",
        described("mobilefacenet 2.0.0", calibration={}),
    )


def test_too_large_is_not_kept(chief: Client) -> None:
    response = send(chief, b"\0" * 10_000_001, described(MINI))
    assert "at most 10,000,000" in response.content.decode()
    assert not list(store.folder().iterdir())


def test_a_failed_version_can_be_checked_again(chief: Client, settings: Settings) -> None:
    settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, check_seconds=0.01)
    row = upload(chief, content(MINI), described(MINI))
    assert (row.state, "longer than" in row.reason) == (State.FAILED, True)
    settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, check_seconds=240.0)
    assert services.check_version(row.pk) == State.AVAILABLE


def fails(chief: Client, data: bytes, says: str, entry: dict[str, Any]) -> None:
    row = upload(chief, data, entry)
    assert row.state == State.FAILED
    assert re.search(says, row.reason), row.reason
    assert len(row.reason) <= 500
    assert str(store.folder()) not in row.reason
    assert row.reason in card(chief, row)
    Follower(get_engine()).step()
    assert str(row) not in {spec.key for spec in get_engine().specs}
    with pytest.raises(services.Refused):
        services.activate(task=row.tasks[0], version=row, user=None, reason="why")
    assert chief.get("/healthz").json() == {"status": "ok"}


def card(chief: Client, row: ModelVersion) -> str:
    """The card's text without HTML's escapes."""
    page = chief.get(f"/admin/versions/modelversion/{row.pk}/change/").content.decode()
    return html.unescape(page)

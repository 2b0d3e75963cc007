"""Readers of published weights: what they give, and what they refuse."""

import base64
import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.landmark_schemes import NAMES_5, NAMES_15, points5_from_68, points15_from_68
from ml.nets import statedict, tfjs

pytestmark = pytest.mark.filterwarnings("ignore")


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _graph(folder: Path) -> Path:
    half = np.array([[1.5, -2.0]], "<f2")
    byte = np.array([0, 255], "|u1")
    shape = np.array([1, -1], "<i4")
    (folder / "a.bin").write_bytes(half.tobytes() + byte.tobytes() + shape.tobytes())
    weights: list[dict[str, Any]] = [
        {"name": "k", "shape": [1, 2], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {"name": "b", "shape": [2], "dtype": "float32", "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0}},
        {"name": "s", "shape": [2], "dtype": "int32"},
    ]
    conv: dict[str, Any] = {"strides": {"list": {"i": ["1", "2", "3", "1"]}}, "padding": {"s": _text("SAME")}}
    conv["fused_ops"] = {"list": {"s": [_text("BiasAdd")]}}
    nodes: list[dict[str, Any]] = [
        {"name": "y", "op": "_FusedConv2D", "input": ["x", "k"], "attr": conv},
        {"name": "k", "op": "Const"},
        {"name": "x", "op": "Placeholder"},
    ]
    document: dict[str, Any] = {"format": "graph-model", "modelTopology": {"node": nodes}}
    document["weightsManifest"] = [{"paths": ["a.bin"], "weights": weights}]
    path = folder / "model.json"
    path.write_text(json.dumps(document))
    return path


def test_tfjs_weights_are_dequantised(tmp_path: Path) -> None:
    weights = tfjs.read_graph(_graph(tmp_path)).weights
    assert weights["k"].dtype == weights["b"].dtype == np.float32
    assert weights["k"].tolist() == [[1.5, -2.0]]
    assert weights["b"].tolist() == [-1.0, 126.5]
    assert weights["s"].tolist() == [1, -1]


def test_tfjs_nodes_come_inputs_first(tmp_path: Path) -> None:
    graph = tfjs.read_graph(_graph(tmp_path))
    assert [node.name for node in graph.nodes][-1] == "y"
    node = graph.node("y")
    assert (node.strides, node.padding, node.fused) == ((2, 3), "SAME", ("BiasAdd",))


def test_tfjs_shard_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    path = _graph(tmp_path)
    shard = tmp_path / "a.bin"
    shard.write_bytes(shard.read_bytes() + b"\0")
    with pytest.raises(ValueError, match="bytes"):
        tfjs.read_graph(path)


def test_tfjs_manifest_is_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("[]")
    assert tfjs.read_manifest(path) == {}
    path.write_text("{}")
    with pytest.raises(ValueError, match="not a weights manifest"):
        tfjs.read_manifest(path)


def _saved(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights/data.pkl", data)
        archive.writestr("weights/data/0", np.arange(6, dtype="<f4").tobytes())
    return path


def _tensor(stride: int) -> bytes:
    """What torch.save writes for {"t": tensor}: six stored numbers seen as (3, 2) with strides (1, stride)."""
    return (
        b"\x80\x02}X\x01\x00\x00\x00tctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
        b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQK\x00(K\x03K\x02t(K\x01K" + bytes([stride]) + b"ttRs."
    )


def test_state_dict_gives_arrays_with_their_strides(tmp_path: Path) -> None:
    state = statedict.read(_saved(tmp_path / "w.pt", _tensor(3)))
    assert state["t"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_state_dict_tensor_outside_its_storage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pickle.UnpicklingError, match="outside"):
        statedict.read(_saved(tmp_path / "w.pt", _tensor(200)))


class _Attack:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trace),)


def test_state_dict_cannot_run_code(tmp_path: Path) -> None:
    stream = io.BytesIO()
    pickle.dump({"t": _Attack(tmp_path / "trace")}, stream, protocol=2)
    with pytest.raises(pickle.UnpicklingError, match="not admitted"):
        statedict.read(_saved(tmp_path / "w.pt", stream.getvalue()))
    assert not (tmp_path / "trace").exists()


def test_smaller_schemes_are_places_of_the_68() -> None:
    points = np.stack([np.arange(68.0), np.arange(68.0) * 2], axis=1)
    five, fifteen = points5_from_68(points), points15_from_68(points)
    assert five.shape == (len(NAMES_5), 2) == (5, 2)
    assert fifteen.shape == (len(NAMES_15), 2) == (15, 2)
    assert five[:, 0].tolist() == [38.5, 44.5, 30, 48, 54]
    by_name = dict(zip(NAMES_15, fifteen[:, 0].tolist(), strict=True))
    assert by_name["left_eye_outer_corner"] == 36
    assert by_name["right_eye_outer_corner"] == 45
    assert by_name["left_eyebrow_inner_end"] == 21
    assert by_name["mouth_center_bottom_lip"] == 57
    with pytest.raises(ValueError, match="68"):
        points5_from_68(points[:67])


def _onnx(path: Path, kernels: list[Any], scales: tuple[float, ...]) -> None:
    """A graph of convolutions in a row, as the reader of SCRFD looks at them: kernels (height, width, in, out) with biases."""
    onnx = pytest.importorskip("onnx")
    nodes: list[Any] = []
    constants: list[Any] = []
    for number, (kernel, bias) in enumerate(kernels):
        names = [f"{number}.weight", f"{number}.bias"]
        nodes.append(onnx.helper.make_node("Conv", ["x", *names], [f"y{number}"]))
        constants += map(onnx.numpy_helper.from_array, (kernel.transpose(3, 2, 0, 1), bias), names)
    for level, scale in enumerate(scales):
        constants.append(onnx.numpy_helper.from_array(np.float32(scale), f"bbox_head.scales.{level}.scale"))
    path.parent.mkdir(parents=True)
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph(nodes, "scrfd", [], [], constants)), str(path))


def test_heads_of_scrfd_are_joined_by_anchor(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    from ml.nets import scrfd  # noqa: PLC0415  brings TensorFlow

    rng, scales = np.random.default_rng(0), (0.5, 2.0, 3.0)
    fresh = scrfd.build()
    layers = [layer for layer in fresh.layers if isinstance(layer, keras.layers.Conv2D)]
    shapes = {layer.name: layer.get_weights()[0].shape for layer in layers}
    body = [name for name in _SCRFD_ORDER if name in shapes]
    assert len(body) + 9 == len(layers)

    def drawn(shape: tuple[int, ...]) -> Any:
        return rng.normal(0, 0.05, shape).astype(np.float32), rng.normal(0, 0.05, shape[-1]).astype(np.float32)

    kernels = [drawn(shapes[name]) for name in body]
    parts: dict[int, list[Any]] = {}
    for stride in (8, 16, 32):
        kernels += [drawn(shapes[f"head_{stride}_{number}"]) for number in range(2)]
        parts[stride] = [drawn((3, 3, 64, 2 * values)) for values in (1, 4, 10)]
        kernels += parts[stride]
    _onnx(tmp_path / scrfd.FILE, kernels, scales)
    model = scrfd.import_weights(tmp_path)
    for name, (kernel, bias) in zip(body, kernels, strict=False):
        np.testing.assert_array_equal(model.get_layer(name).get_weights()[0], kernel)
        np.testing.assert_array_equal(model.get_layer(name).get_weights()[1], bias)
    for stride, scale in zip((8, 16, 32), scales, strict=True):
        kernel, bias = model.get_layer(f"head_{stride}_answers").get_weights()
        for anchor in range(2):
            logit, box, points = (
                slice(15 * anchor + low, 15 * anchor + high) for low, high in ((0, 1), (1, 5), (5, 15))
            )
            for place, (own, own_bias), count, factor in zip(
                (logit, box, points), parts[stride], (1, 4, 10), (1, scale, 1), strict=True
            ):
                theirs = slice(count * anchor, count * (anchor + 1))
                np.testing.assert_allclose(kernel[..., place], own[..., theirs] * factor, rtol=1e-6)
                np.testing.assert_allclose(bias[place], own_bias[theirs] * factor, rtol=1e-6)
    _onnx(tmp_path / "more" / scrfd.FILE, [*kernels, kernels[-1]], scales)
    with pytest.raises(ValueError, match="more than"):
        scrfd.import_weights(tmp_path / "more")


_SCRFD_ORDER = (
    *(f"stem_{number}" for number in range(3)),
    *(
        f"stage_{stage}_{block}_{part}"
        for stage, blocks in enumerate((3, 5, 3, 2))
        for block in range(blocks)
        for part in ("a", "b", "shortcut")
    ),
    *(f"{kind}_{number}" for kind in ("lateral", "smooth", "halve", "again") for number in range(3)),
)
"""Convolutions before the heads as the published file lists them; names that the network does not have are skipped."""

"""Reader of TensorFlow.js files: graph models and bare weight manifests.

The format is a JSON file beside binary shards. A weight may be stored as float16 or as uint8 with a scale and a minimum;
it is returned as float32 whatever it was. Nothing is executed: the nodes are returned as data.
"""

import base64
import json
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Weights = dict[str, npt.NDArray[Any]]
"""Weight name to array: float32, or int32/bool for the few constants that are shapes."""

_PLAIN = {"float32": "<f4", "int32": "<i4", "bool": "|b1"}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a graph model; `strides` (rows, columns) is 1, 1 and `padding` "" where it has none."""

    name: str
    op: str
    inputs: tuple[str, ...]
    strides: tuple[int, int] = (1, 1)
    padding: str = ""
    fused: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph model: its nodes in the order of the file (inputs before users) and its weights by name."""

    nodes: tuple[Node, ...]
    weights: Weights

    def node(self, name: str) -> Node:
        """The node of that name; KeyError if there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


def read_graph(path: Path) -> Graph:
    """Read a graph model's JSON file and its shards (they lie beside it)."""
    document = json.loads(path.read_text("utf-8"))
    if document.get("format") != "graph-model":
        raise ValueError(f"{path.name} is not a TensorFlow.js graph model")
    weights = _read_groups(document["weightsManifest"], path.parent)
    nodes = tuple(_node(raw) for raw in document["modelTopology"]["node"])
    return Graph(_in_order(nodes), weights)


def read_manifest(path: Path) -> Weights:
    """Read a bare weights manifest (`*-weights_manifest.json`, a list of groups) and its shards."""
    groups = json.loads(path.read_text("utf-8"))
    if not isinstance(groups, list):
        raise ValueError(f"{path.name} is not a weights manifest")  # noqa: TRY004 - the file is wrong, not the caller
    return _read_groups(groups, path.parent)


def _read_groups(groups: list[dict[str, Any]], folder: Path) -> Weights:
    weights: Weights = {}
    for group in groups:
        blob = b"".join((folder / name).read_bytes() for name in group["paths"])
        offset = 0
        for entry in group["weights"]:
            stored, array = _dequantised(entry, blob, offset)
            weights[entry["name"]] = array
            offset += stored
        if offset != len(blob):
            raise ValueError(f"shards of {folder.name} hold {len(blob)} bytes, the manifest names {offset}")
    return weights


def _dequantised(entry: dict[str, Any], blob: bytes, offset: int) -> tuple[int, npt.NDArray[Any]]:
    quantization = entry.get("quantization", {})
    kind = quantization.get("dtype", entry["dtype"])
    dtype = np.dtype({"float16": "<f2", "uint8": "|u1", "uint16": "<u2"}.get(kind) or _PLAIN[kind])
    raw = np.frombuffer(blob, dtype, prod(entry["shape"]), offset)
    array: npt.NDArray[Any] = raw
    if "scale" in quantization:
        array = raw * np.float32(quantization["scale"]) + np.float32(quantization["min"])
    if entry["dtype"] == "float32":
        array = array.astype(np.float32)
    return raw.nbytes, array.reshape(entry["shape"]).copy()


def _node(raw: dict[str, Any]) -> Node:
    attributes = raw.get("attr", {})
    strides = [int(value) for value in attributes.get("strides", {}).get("list", {}).get("i", [1, 1, 1, 1])]
    fused = attributes.get("fused_ops", {}).get("list", {}).get("s", [])
    return Node(
        name=raw["name"],
        op=raw["op"],
        inputs=tuple(raw.get("input", ())),
        strides=(strides[1], strides[2]),
        padding=_text(attributes["padding"]["s"]) if "s" in attributes.get("padding", {}) else "",
        fused=tuple(_text(value) for value in fused),
        attributes=attributes,
    )


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode("ascii")


def _in_order(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    known: set[str] = set()
    ordered: list[Node] = []
    waiting = list(nodes)
    while waiting:
        ready = [node for node in waiting if all(name in known for name in node.inputs)]
        if not ready:
            raise ValueError(f"the graph has a loop or a missing input near {waiting[0].name}")
        ordered += ready
        known.update(node.name for node in ready)
        waiting = [node for node in waiting if node.name not in known]
    return tuple(ordered)

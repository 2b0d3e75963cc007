"""weights/manifest.toml: which networks there are, what they take and give, under which terms, and how well they measured."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import tomli_w

from ml.errors import NotReady

Align = Literal["box", "five_points", "none"]
Colour = Literal["rgb", "bgr", "gray"]
Precision = Literal["float32", "int8"]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How a network wants its pixels: (x - mean) * scale per channel of a crop of `size` (height, width), None when it takes any size."""

    size: tuple[int, int] | None
    align: Align = "none"
    margin: float = 1.0
    colour: Colour = "rgb"
    mean: tuple[float, ...] = (0.0,)
    scale: float = 1.0

    @property
    def fixed_size(self) -> tuple[int, int]:
        """`size` of a network that declares one; ValueError otherwise."""
        if self.size is None:
            raise ValueError("this network takes any size")
        return self.size


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """One network in one version, as the manifest describes it; `outputs` in the order of the LiteRT file.

    labels: output -> its labels in the network's own order, where that differs from ours (see ml.labels). precision: of the
    convolutions; int8 is made of the file as it is loaded (see ml.eightbit), so two versions may share a file.
    """

    name: str
    version: str
    file: str
    sha256: str
    outputs: tuple[str, ...]
    input: InputSpec
    title: str = ""
    tasks: tuple[str, ...] = ()
    keras: str = ""
    keras_sha256: str = ""
    arch: str = ""
    arch_args: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    commercial: bool = False
    source: str = ""
    training_data: str = ""
    notes: str = ""
    calibration: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    precision: Precision = "float32"

    @property
    def key(self) -> str:
        """Name and version in one string, as the [active] table writes it."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """All networks by key ("name version") and the key that answers each task."""

    networks: Mapping[str, NetworkSpec]
    active: Mapping[str, str]

    def find(self, name: str, version: str | None = None) -> NetworkSpec:
        """The network of that name; without a version the active or else the last one listed. Raises NotReady."""
        keys = [key for key, spec in self.networks.items() if spec.name == name and version in {None, spec.version}]
        if not keys:
            raise NotReady(f"No network {name} {version or ''} in the manifest.".replace("  ", " "))
        preferred = [key for key in keys if key in self.active.values()]
        return self.networks[(preferred or keys)[-1]]


def load(path: Path) -> Manifest:
    """Read a manifest; raises NotReady when it is missing, not TOML, or an entry lacks a field."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        specs = [spec_of(entry) for entry in data.get("network", [])]
    except FileNotFoundError as error:
        raise NotReady(f"The manifest {path} is missing.") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise NotReady(f"The manifest {path} cannot be read: {error}") from error
    networks = {spec.key: spec for spec in specs}
    active = dict(data.get("active", {}))
    unknown = sorted(set(active.values()) - set(networks))
    if unknown:
        raise NotReady(f"The manifest {path} names active networks that it does not list: {', '.join(unknown)}")
    return Manifest(networks, active)


def spec_of(entry: Mapping[str, Any]) -> NetworkSpec:
    """An entry as plain data -> its spec. Raises KeyError or TypeError when a field is missing or unknown."""
    values = dict(entry)
    given = dict(values.pop("input"))
    size = given.pop("size", None)
    given["mean"] = tuple(given.get("mean", (0.0,)))
    values["input"] = InputSpec(size=None if size is None else cast("tuple[int, int]", tuple(size)), **given)
    values["outputs"] = tuple(values["outputs"])
    values["tasks"] = tuple(values.get("tasks", ()))
    _check_choice("precision", values, Precision)
    _check_choice("align", given, Align)
    _check_choice("colour", given, Colour)
    values["labels"] = {name: tuple(names) for name, names in values.get("labels", {}).items()}
    return NetworkSpec(**values)


def _check_choice(name: str, values: Mapping[str, Any], choices: Any) -> None:
    if name in values and values[name] not in get_args(choices):
        raise TypeError(f"{name} is one of {', '.join(get_args(choices))}")


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verified(path: Path, sha256: str) -> bytes:
    """The file's bytes when it is there and their hash is right; NotReady otherwise."""
    if not path.is_file():
        raise NotReady(f"The weights {path.name} are missing.", {"file": path.name})
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise NotReady(f"The weights {path.name} do not match their sha256 in the manifest.", {"file": path.name})
    return data


def upsert(path: Path, entry: Mapping[str, Any], *, active: tuple[str, ...] = ()) -> None:
    """Add or replace the entry of the same name and version, fill in its hashes, and make it answer the tasks in `active`."""
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    entry = dict(entry, sha256=sha256_of(path.parent / entry["file"]))
    if entry.get("keras"):
        entry["keras_sha256"] = sha256_of(path.parent / entry["keras"])
    identity = (entry["name"], entry["version"])
    spec_of(entry)
    others = [old for old in data.get("network", []) if (old["name"], old["version"]) != identity]
    networks = sorted([*others, entry], key=lambda item: (item["name"], item["version"]))
    answers = dict(data.get("active", {})) | {task: " ".join(identity) for task in active}
    path.write_text(tomli_w.dumps({"active": dict(sorted(answers.items())), "network": networks}), "utf-8")

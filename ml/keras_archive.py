"""Is a .keras file an honest archive of plain layers? Looked through in a child process before Keras opens it.

No code may come with a file: no Lambda, no classes of its own, no modules but those of Keras, no members but the three that Keras writes.
"""

import contextlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ml import sandbox
from ml.contracts import Unfit

MEMORY: Final = 500 * sandbox.MEGABYTE
_MEMBERS: Final = frozenset({"metadata.json", "config.json", "model.weights.h5"})
_CONFIG_BYTES: Final = 20_000_000
_DEPTH: Final = 60
_MODULES: Final = (
    "keras",
    "keras.layers",
    "keras.models",
    "keras.src.models",
    "keras.src.layers",
    "keras.src.ops",
    "keras.ops",
)
_PARTS: Final = tuple(
    f"keras.{part}"
    for part in ("initializers", "regularizers", "constraints", "activations", "optimizers", "losses", "metrics")
)
_REFUSED: Final = frozenset(
    {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "function", "__lambda__"}
)


def _work(job: Mapping[str, Any]) -> dict[str, Any]:
    max_bytes = job["max_bytes"]
    with _opened(Path(job["path"])) as archive:
        entries = archive.infolist()
        strange = sorted({entry.filename for entry in entries} - _MEMBERS)
        if strange or len(entries) > len(_MEMBERS):
            raise Unfit(
                f"A Keras file holds {', '.join(sorted(_MEMBERS))} and nothing else; this one has {', '.join(strange)[:200]} too."
            )
        if "config.json" not in archive.namelist():
            raise Unfit("This is not a Keras file: config.json is missing.")
        declared = sum(entry.file_size for entry in entries)
        if declared > 2 * max_bytes:
            raise Unfit(f"Unpacked it would have {declared:,} bytes; at most {2 * max_bytes:,} are taken.")
        for entry in entries:
            if _unpacked(archive, entry) != entry.file_size:
                raise Unfit("The archive lies about the size of its files.")
        if archive.getinfo("config.json").file_size > _CONFIG_BYTES:
            raise Unfit("The description of the layers is too long.")
        _check_config(json.loads(archive.read("config.json")))
    return {"ok": True}


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise Unfit(f"This is not a Keras file: {error}.") from error


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    count = 0
    with archive.open(entry) as stream:
        while piece := stream.read(1 << 20):
            count += len(piece)
            if count > entry.file_size:
                break
    return count


def _check_config(value: Any, depth: int = 0) -> None:
    """Raises Unfit where the description asks for code: own classes, Lambda layers, modules other than those of Keras."""
    if depth > _DEPTH:
        raise Unfit("The description of the layers is nested too deeply.")
    if isinstance(value, list):
        for item in value:
            _check_config(item, depth + 1)
    if not isinstance(value, dict):
        return
    name, module = value.get("class_name"), value.get("module")
    if isinstance(name, str) and name in _REFUSED:
        raise Unfit(f"The model has a {name} layer: it would run code of its own. Use plain layers only.")
    if "registered_name" in value and value["registered_name"] not in {None, name}:
        raise Unfit(
            f"The model needs a class of its own, {str(value['registered_name'])[:100]}. Use plain layers only."
        )
    if (
        module is not None
        and not _is_keras(module)
        and not (module == "builtins" and name in {"list", "tuple", "dict"})
    ):
        raise Unfit(f"The model asks for the module {str(module)[:100]}. Use plain layers of Keras only.")
    for item in value.values():
        _check_config(item, depth + 1)


def _is_keras(module: object) -> bool:
    return isinstance(module, str) and (
        module.startswith(tuple(f"{name}." for name in _MODULES[1:])) or module in {*_MODULES, *_PARTS}
    )


if __name__ == "__main__":
    sandbox.main(_work, memory=MEMORY, written=sandbox.MEGABYTE)

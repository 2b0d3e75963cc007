"""Reader of PyTorch state dicts that admits tensors and nothing else, so that a file cannot run code; PyTorch is not needed."""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_STORAGES: Final = {"FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4"}


def read(path: Path) -> dict[str, Any]:
    """Read a zip file of torch.save: the saved dict with arrays in place of tensors.

    Raises pickle.UnpicklingError when the file asks for anything else than tensors in dicts.
    """
    with zipfile.ZipFile(path) as archive:
        pickled = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        with archive.open(pickled) as stream:
            result = _Tensors(stream, archive, pickled.removesuffix("data.pkl")).load()
    if not isinstance(result, dict):
        raise pickle.UnpicklingError(f"{path.name} holds no dict")
    return result


class _Tensors(pickle.Unpickler):
    def __init__(self, stream: Any, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(stream)
        self._archive = archive
        self._root = root

    def find_class(self, module: str, name: str) -> Callable[..., Any] | str:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not admitted")

    def persistent_load(self, pid: Any) -> npt.NDArray[Any]:
        _, dtype, key, _, count = pid
        if not str(key).isdecimal():
            raise pickle.UnpicklingError(f"storage {key!r} is not admitted")
        return np.frombuffer(self._archive.read(f"{self._root}data/{key}"), dtype, count)


def _tensor(
    storage: npt.NDArray[Any], offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> npt.NDArray[Any]:
    last = offset + sum((side - 1) * step for side, step in zip(shape, stride, strict=True))
    if min((offset, *stride), default=0) < 0 or last >= storage.size:
        raise pickle.UnpicklingError("a tensor reaches outside its storage")
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps, writeable=False).copy()

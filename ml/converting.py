"""A Keras file (.keras) becomes a LiteRT file, in a child process that needs TensorFlow; this module is also what the child runs."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ml import sandbox
from ml.contracts import Unfit

MEMORY: Final = 3000 * sandbox.MEGABYTE
RESULT: Final = "converted.tflite"
_WRITTEN: Final = 400 * sandbox.MEGABYTE
_NO_TENSORFLOW: Final = (
    "Keras files are converted with TensorFlow, which is not installed here: "
    "pip install -r requirements-train.txt, or upload a LiteRT file."
)


def convert(path: Path, outputs: Sequence[str], target: Path, *, max_bytes: int, seconds: float) -> dict[str, Any]:
    """Write the LiteRT file of a Keras file to `target`.

    outputs: names of what the model returns, in its order. Returns {"ok": True, "outputs": names in the order of the LiteRT file}
    or {"ok": False, "reason"}; never raises because of the file.
    """
    job = {"path": str(path.resolve()), "outputs": list(outputs), "max_bytes": max_bytes}
    with sandbox.work_folder() as folder:
        report = sandbox.run("ml.keras_archive", job, seconds=seconds, folder=Path(folder))
        if report["ok"]:
            report = sandbox.run("ml.converting", job, seconds=seconds, folder=Path(folder))
        made = Path(folder) / RESULT
        if report["ok"] and not made.is_file():
            return {"ok": False, "reason": "The conversion made no file."}
        if report["ok"]:
            target.write_bytes(made.read_bytes())
        return report


def _work(job: Mapping[str, Any]) -> dict[str, Any]:
    import keras  # noqa: PLC0415  _main has loaded it

    from ml.training.export import export  # noqa: PLC0415

    model = keras.saving.load_model(job["path"], compile=False, safe_mode=True)
    if not isinstance(model, keras.Model) or len(model.inputs) != 1:
        raise Unfit("The file must hold a model with one input.")
    named = keras.Model(model.inputs, _named(model.output, job["outputs"]))
    order = export(named, Path(RESULT), job["outputs"], float16=False, tolerance=1e-3)
    return {"ok": True, "outputs": order}


def _named(output: Any, names: Sequence[str]) -> dict[str, Any]:
    if isinstance(output, Mapping):
        if set(output) != set(names):
            raise Unfit(f"The model returns {', '.join(map(str, output))}; described are {', '.join(names)}.")
        return dict(output)
    found = list(output) if isinstance(output, list | tuple) else [output]
    if len(found) != len(names):
        raise Unfit(f"The model returns {len(found)} outputs; {len(names)} are described.")
    return dict(zip(names, found, strict=True))


def _main() -> None:
    try:
        import keras  # noqa: F401, PLC0415  before the limits, which count from what is in use
        import tensorflow as tf  # noqa: F401, PLC0415
    except ImportError:
        sys.stdout.write(json.dumps({"ok": False, "reason": _NO_TENSORFLOW}))
        return
    sandbox.main(_work, memory=MEMORY, written=_WRITTEN)


if __name__ == "__main__":
    _main()

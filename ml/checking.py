"""Is a network file fit to answer its tasks? `check` asks a child process; this module is also what the child runs."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml import contracts, sandbox
from ml.active import SYNTHESIS, VERIFY
from ml.align import crop_matrix, prepare, warp
from ml.contracts import Unfit
from ml.embedding import threshold_for
from ml.finding import DetectOptions, Finder
from ml.generation import latents
from ml.images import decode
from ml.labels import orders
from ml.manifest import NetworkSpec, spec_of
from ml.photo import Photo
from ml.runtime import LiteRtNetwork, Networks
from ml.tasks import FACE_TASKS
from ml.tasks.base import Scene
from ml.trial import check_answers, check_directions
from ml.types import F32, F64, Face

MEMORY: Final = 1500 * sandbox.MEGABYTE
MAX_FACE_MS: Final = 2000.0  # slower networks would hold the queue up
_MAGIC: Final = b"TFL3"
_TURNS: Final = 5  # runs that are timed
_EQUAL: Final = 1e-4

Probe = tuple[F32, Scene | None]
"""An input of the network, and the face it shows; None for noise."""


def check(
    path: Path,
    entry: Mapping[str, Any],
    tasks: Sequence[str],
    *,
    weights: Path,
    probes: Sequence[Path],
    max_bytes: int,
    seconds: float,
) -> dict[str, Any]:
    """Check a LiteRT file in a child process.

    entry: its description as in the manifest, without file and hash. weights: folder of the detector that finds the faces of
    the photographs `probes`. Returns {"ok": True, "sha256", "size_bytes", "input", "outputs", "ms_per_face", "faces"} or
    {"ok": False, "reason"}; never raises because of the file.
    """
    job = {
        "path": str(path.resolve()),
        "entry": dict(entry),
        "tasks": list(tasks),
        "weights": str(weights.resolve()),
        "probes": [str(probe.resolve()) for probe in probes],
        "max_bytes": max_bytes,
    }
    with sandbox.work_folder() as folder:
        return sandbox.run("ml.checking", job, seconds=seconds, folder=Path(folder))


def _work(job: Mapping[str, Any]) -> dict[str, Any]:
    path, tasks = Path(job["path"]), tuple(job["tasks"])
    content = _content(path, job["max_bytes"])
    spec = _described(job["entry"], path, content)
    contracts.check_description(spec, tasks)
    orders(spec)
    if VERIFY in tasks:
        threshold_for(spec, None)
    if SYNTHESIS in tasks:
        check_directions(spec)
    shapes = _check_file(content, spec)
    network = LiteRtNetwork(spec, path.parent, threads=1)
    probes = _probes(spec, Path(job["weights"]), [Path(probe) for probe in job["probes"]])
    results = [_check_run(network, tasks, probe) for probe in probes]
    _check_repeats(network, LiteRtNetwork(spec, path.parent, threads=1), probes[0][0], results[0])
    _check_differs(spec, results)
    return {
        "ok": True,
        "sha256": spec.sha256,
        "size_bytes": len(content),
        "input": list(contracts.input_shape(spec)),
        "outputs": shapes,
        "ms_per_face": round(_milliseconds(network, probes[0][0]), 2),
        "faces": sum(scene is not None for _, scene in probes),
    }


def _content(path: Path, max_bytes: int) -> bytes:
    size = path.stat().st_size
    if size == 0:
        raise Unfit("The file is empty.")
    if size > max_bytes:
        raise Unfit(f"The file has {size:,} bytes; at most {max_bytes:,} are taken.")
    content = path.read_bytes()
    if content[4:8] != _MAGIC:
        raise Unfit("This is not a LiteRT file.")
    return content


def _described(entry: Mapping[str, Any], path: Path, content: bytes) -> NetworkSpec:
    try:
        return spec_of({**entry, "file": path.name, "sha256": hashlib.sha256(content).hexdigest()})
    except (KeyError, TypeError, ValueError) as error:
        raise Unfit(f"The description cannot be read: {error}") from error


def _check_file(content: bytes, spec: NetworkSpec) -> dict[str, list[int]]:
    """Shapes and types that the file declares, before anything runs."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  only the child needs it

    try:
        interpreter = Interpreter(model_content=content, num_threads=1)
    except (ValueError, RuntimeError) as error:
        raise Unfit(f"LiteRT cannot read the file: {error}") from error
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1:
        raise Unfit(f"The network must have one input; it has {len(inputs)}.")
    _check_type("input", inputs[0])
    given, wanted = tuple(int(size) for size in inputs[0]["shape"]), contracts.input_shape(spec)
    if given != wanted:
        raise Unfit(f"The input has the shape {list(given)}; the description says {list(wanted)}.")
    if len(outputs) != len(spec.outputs):
        raise Unfit(f"The network has {len(outputs)} outputs; {len(spec.outputs)} are described.")
    shapes = {}
    for name, detail in zip(spec.outputs, outputs, strict=True):
        _check_type(f"output {name}", detail)
        shapes[name] = [int(size) for size in detail["shape"]]
        contracts.check_shape(name, tuple(shapes[name]))
    return shapes


def _check_type(what: str, detail: Mapping[str, Any]) -> None:
    if detail["dtype"] is not np.float32:
        raise Unfit(f"The {what} must be float32, not {np.dtype(detail['dtype']).name}.")


def _probes(spec: NetworkSpec, weights: Path, photographs: Sequence[Path]) -> list[Probe]:
    """Faces of the photographs, cut as the network wants them, and noise."""
    shape = contracts.input_shape(spec)
    if spec.input.size is None:
        return [(latents(1, seed, 1.0), None) for seed in range(3)]
    finder = Finder(Networks(weights, threads=1))
    photos = [decode(path.read_bytes()) for path in photographs]
    crops = [
        _crop(spec, photo, face) for photo in photos for face in finder.find(photo, DetectOptions(max_faces=3)).faces
    ]
    if not crops:
        raise Unfit("The check found no face to try the network on.")
    noise = np.random.default_rng(0).integers(0, 256, (*shape[1:3], 3), np.uint8)
    return [*crops, (prepare(spec.input, noise), None)]


def _crop(spec: NetworkSpec, photo: Photo, face: Face) -> Probe:
    matrix: F64 = crop_matrix(spec.input, face, photo.rgb_u8.shape[:2])
    return prepare(spec.input, warp(photo.rgb_u8, matrix, spec.input.fixed_size)), Scene(face, spec, matrix)


def _check_run(network: LiteRtNetwork, tasks: Sequence[str], probe: Probe) -> dict[str, F32]:
    batch, scene = probe
    outputs = _run(network, batch)
    for name, values in outputs.items():
        contracts.check_shape(name, values.shape)
        contracts.check_values(name, values)
    for task in tasks:
        if task in FACE_TASKS and scene is not None:
            check_answers(task, outputs, scene)
    return outputs


def _run(network: LiteRtNetwork, batch: F32) -> dict[str, F32]:
    try:
        return network.run(batch)
    except (RuntimeError, ValueError) as error:
        raise Unfit(f"LiteRT cannot run the network: {str(error) or 'there is no memory for its tensors'}") from error


def _check_repeats(first: LiteRtNetwork, second: LiteRtNetwork, batch: F32, before: Mapping[str, F32]) -> None:
    for network in (first, second):
        for name, values in network.run(batch).items():
            if np.abs(values - before[name]).max() > _EQUAL:
                raise Unfit(f"The output {name} is not the same for the same face.")


def _check_differs(spec: NetworkSpec, results: Sequence[Mapping[str, F32]]) -> None:
    for name in spec.outputs:
        if name in contracts.CONTRACTS and all(np.array_equal(result[name], results[0][name]) for result in results):
            raise Unfit(f"The output {name} is the same whatever the network sees.")


def _milliseconds(network: LiteRtNetwork, batch: F32) -> float:
    times = []
    for _ in range(_TURNS):
        start = time.perf_counter()
        network.run(batch)
        times.append((time.perf_counter() - start) * 1000)
    median = float(np.median(times))
    if median > MAX_FACE_MS:
        raise Unfit(f"One face takes {median:.0f} ms; at most {MAX_FACE_MS:.0f} are allowed.")
    return median


if __name__ == "__main__":
    sandbox.main(_work, memory=MEMORY, written=sandbox.MEGABYTE)

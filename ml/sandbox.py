"""Work on files that nobody has checked: in a child process with limits on memory, time and what it may write.

The child sees no environment, starts in an empty folder and reports JSON. Whatever it does, the caller gets a dictionary.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
MEGABYTE: Final = 1 << 20
_REPORT_BYTES: Final = 256 * 1024  # more than any honest report
_KILLS: Final = {signal.SIGKILL, signal.SIGXCPU}


def run(module: str, job: Mapping[str, Any], *, seconds: float, folder: Path) -> dict[str, Any]:
    """Run `python -m module` on a job (JSON values) in the folder; its report, or {"ok": False, "reason": ...} when it gives none.

    seconds: time on the clock; the child gets as much processor time.
    """
    (folder / "job.json").write_text(json.dumps({**job, "cpu_seconds": int(seconds) + 1}), "utf-8")
    environ = {
        "PYTHONPATH": str(ROOT),
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-P", "-B", "-m", module, "job.json"]
    with (folder / "report").open("wb") as out, (folder / "errors").open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603  our own module; the job is a file
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            return {"ok": False, "reason": f"It took longer than {seconds:g} seconds."}
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    return _report(folder, code, seconds)


def work_folder() -> tempfile.TemporaryDirectory[str]:
    """An empty folder for one job."""
    return tempfile.TemporaryDirectory(prefix="hexaface-check-")


def main(work: Callable[[Mapping[str, Any]], Mapping[str, Any]], *, memory: int, written: int) -> None:
    """What a child does: set its limits, work, print the report. `memory` and `written` are bytes it may take beyond what it has."""
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    _limit(memory, written, job["cpu_seconds"])
    try:
        report = dict(work(job))
    except MemoryError:
        report = {"ok": False, "reason": f"It needs more than {memory // MEGABYTE} MB of memory."}
    except Exception as error:  # noqa: BLE001  whatever a strange file causes is a reason to refuse it
        report = {
            "ok": False,
            "reason": _short(f"{error}" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"),
        }
    sys.stdout.write(json.dumps(report))


def _limit(memory: int, written: int, cpu_seconds: int) -> None:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    for what, limit in (
        (resource.RLIMIT_AS, pages * resource.getpagesize() + memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(what, (limit, limit))
    with contextlib.suppress(OSError):  # if the system runs short all the same, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _report(folder: Path, code: int, seconds: float) -> dict[str, Any]:
    if code < 0:
        number = -code
        if number in _KILLS:
            return {
                "ok": False,
                "reason": f"It was stopped: more than {seconds:g} seconds, or more memory than there is.",
            }
        return {"ok": False, "reason": f"The file makes the interpreter crash ({signal.Signals(number).name})."}
    report = _read(folder / "report")
    if report is None:
        last = _head(folder / "errors").decode("utf-8", "replace").strip().rpartition("\n")[2]
        return {"ok": False, "reason": _short(f"The check ended without a report. {last}")}
    return report


def _read(path: Path) -> dict[str, Any] | None:
    try:
        report = json.loads(_head(path))
    except ValueError:
        return None
    return report if isinstance(report, dict) and isinstance(report.get("ok"), bool) else None


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_REPORT_BYTES)


def _short(text: str) -> str:
    """The first lines of a message, printable, at most 500 characters."""
    joined = " ".join(text.split())
    return "".join(character for character in joined if character.isprintable())[:500]

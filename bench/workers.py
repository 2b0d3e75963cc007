"""The harness' side: a peer in a process of its own, on the processors it may use, asked with a time limit."""

import json
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.common import ROOT
from bench.environments import PeerError, last_line

LOAD_SECONDS: Final = 180
RUN_SECONDS: Final = 120
COUNTS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "UV_THREADPOOL_SIZE",
)


class Worker:
    """One loaded peer. Every method raises PeerError when the process dies, says an error or takes too long."""

    def __init__(self, command: Sequence[str], work: Path, *, processors: Sequence[int]) -> None:
        """Start the process bound to the processors, as many threads as there are of them."""
        work.mkdir(parents=True, exist_ok=True)
        self._threads = len(processors)
        self._log = work / "worker.log"
        self._pending = b""
        bound = ["taskset", "--cpu-list", ",".join(map(str, processors)), *command]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                bound,
                cwd=ROOT,
                env=_environ(work, self._threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def load(self) -> dict[str, Any]:
        """Import and load; what the worker tells about it."""
        return self.ask({"do": "load", "threads": self._threads}, LOAD_SECONDS)

    def ask(self, request: dict[str, Any], seconds: float = RUN_SECONDS) -> dict[str, Any]:
        """One request and its answer."""
        self.send(request)
        return self.receive(seconds)

    def send(self, request: dict[str, Any]) -> None:
        """Ask without waiting."""
        if self._process.poll() is not None or self._process.stdin is None:
            raise self._died()
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._died() from error

    def receive(self, seconds: float = RUN_SECONDS) -> dict[str, Any]:
        """The answer to what was sent."""
        if self._process.stdout is None:
            raise self._died()
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.close()
                    raise PeerError(f"no answer after {seconds:.0f} s")
                piece = os.read(self._process.stdout.fileno(), 1 << 20)
                if not piece:
                    raise self._died()
                self._pending += piece
        line, _, self._pending = self._pending.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerError(str(answer["error"])[:300])
        return answer

    def memory(self) -> dict[str, float]:
        """Megabytes resident now and at the most so far."""
        try:
            lines = Path(f"/proc/{self._process.pid}/status").read_text("ascii").splitlines()
        except OSError as error:
            raise self._died() from error
        kb = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return {"now": int(kb["VmRSS"]) / 1024, "most": int(kb["VmHWM"]) / 1024} if kb else {}

    def close(self) -> None:
        """End the process; it has nothing to save."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _died(self) -> PeerError:
        self.close()
        words = last_line(self._log.read_text("utf-8", "replace"))
        return PeerError(f"the worker ended ({self._process.returncode}): {words}".removesuffix(": "))


def _environ(work: Path, threads: int) -> dict[str, str]:
    """A plain environment: nothing of ours, a home of its own for the caches of peers, as many threads as processors."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR", "LD_LIBRARY_PATH"}}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONDONTWRITEBYTECODE": "0"}
    return kept | quiet | {"HOME": str(work)} | dict.fromkeys(COUNTS, str(threads))

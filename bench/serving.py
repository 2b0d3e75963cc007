"""The real server, as `make run` starts it, for the time of a measurement: own home, free loopback port, clean end."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.common import ROOT

READY_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0
_TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port and the process of gunicorn's master."""

    port: int
    pid: int

    def memory_mb(self) -> float:
        """Proportional set size of the master and all its descendants (shared pages count once), in megabytes of 10^6 bytes."""
        return sum(_pss_kb(pid) for pid in tree(self.pid)) * 1024 / 1e6

    def cpu_seconds(self) -> float:
        """Processor time of the same processes so far."""
        return sum(_cpu(pid) for pid in tree(self.pid))


@contextlib.contextmanager
def server(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start it with the given HEXAFACE_ settings over the usual ones, wait until it is ready, stop it at the end.

    The worker for background jobs is off: no job is measured here, and its memory is told apart in the README.
    Raises RuntimeError with the end of its log when it does not become ready.
    """
    with tempfile.TemporaryDirectory(prefix="hexaface-bench-") as home:
        port, log = free_port(), Path(home) / "server.log"
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("HEXAFACE_", "DJANGO_"))}
        environ |= {
            "HEXAFACE_HOME": home,
            "PORT": str(port),
            "HEXAFACE_WORKER": "false",
            "HEXAFACE_LOG_LEVEL": "ERROR",
            "MALLOC_ARENA_MAX": "2",
            **(settings or {}),
        }
        subprocess.run(
            [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL
        )
        command = [sys.executable, "-m", "gunicorn", "--config", "python:hexaface.gunicorn"]
        with log.open("wb") as stream:
            process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=stream, stderr=subprocess.STDOUT)
        try:
            _wait(process, port, log)
            yield Server(port, process.pid)
        finally:
            _stop(process)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return []
    return [pid, *(found for child in children for found in tree(int(child)))]


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            ready = connection.getresponse().status == 200
            connection.close()
            if ready:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not become ready:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pss_kb(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:  # it ended in between
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK

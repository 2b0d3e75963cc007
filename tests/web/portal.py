"""A real portal for tests: its own home, gunicorn with the settings of `make run`, real processes to kill."""

import base64
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[2]
START_SECONDS = 90.0


class Portal:
    """Commands, server and database of one home folder. Settings are those given, nothing of the test run's own."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HEXAFACE_", "DJANGO_", "DATABASE_"))
        }
        self.environ = clean | {"HEXAFACE_HOME": str(home), "PORT": str(self.port), "HEXAFACE_WORKERS": "1"} | settings

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py; its output, without logs."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[bytes]"]:
        """The server, ready; stopped in order afterwards if the test has not done so."""
        gunicorn = [str(Path(sys.executable).with_name("gunicorn")), "--config", "python:hexaface.gunicorn"]
        server = subprocess.Popen(
            gunicorn, cwd=ROOT, env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until(self.is_ready, START_SECONDS)
            yield server
        finally:
            if server.poll() is None:
                server.terminate()
            server.wait(60)

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False

    def job(self, pk: int) -> dict[str, Any]:
        """A job's row."""
        with sqlite3.connect(self.home / "hexaface.sqlite3", timeout=20) as database:
            database.row_factory = sqlite3.Row
            return dict(database.execute("select * from jobs_job where id = ?", (pk,)).fetchone())

    def rows(self, query: str) -> dict[str, str]:
        """Rows of two columns."""
        with sqlite3.connect(self.home / "hexaface.sqlite3", timeout=20) as database:
            return dict(database.execute(query).fetchall())

    def age(self) -> str:
        """The version that answers age now, as "network version"."""
        photo = base64.b64encode((ROOT / "static" / "samples" / "astronaut.jpg").read_bytes()).decode()
        request = Request(
            f"http://127.0.0.1:{self.port}/api/v1/age",
            json.dumps({"image": photo}).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=60) as answer:
            model = json.load(answer)["model"]
        return f"{model['network']} {model['version']}"

    def workers(self) -> list[int]:
        """Processes of the embedded worker of this home."""
        return [process for process in processes() if self.is_worker(process)]

    def is_worker(self, process: int) -> bool:
        """Whether a process is the embedded worker of this home."""
        try:
            command = Path(f"/proc/{process}/cmdline").read_bytes()
            environ = Path(f"/proc/{process}/environ").read_bytes()
        except OSError:
            return False
        return b"run_worker" in command and f"HEXAFACE_HOME={self.home}\0".encode() in environ

    def kill_worker(self) -> None:
        """SIGKILL: the worker can do nothing about it."""
        for process in self.workers():
            os.kill(process, signal.SIGKILL)


def processes() -> list[int]:
    """All processes."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def until(condition: Callable[[], object], seconds: float) -> None:
    """Wait for a condition; fails when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {condition}"
        time.sleep(0.1)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

"""Switch versions under load on a real server and count: python bench/swap.py [--workers 2] [--swaps 50]

Says how long it takes from the activation to the first answer by the new version and to the last by the old one, how many requests of
eight clients failed or were mixed during the switches, and what the server processes hold before and after.
"""

import argparse
import base64
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OWN = tomllib.loads((ROOT / "weights" / "manifest.toml").read_text("utf-8"))["active"]["age"]
OTHER = "tiny-xception 1.0.0"
CLIENTS = 8


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--swaps", type=int, default=50)
    parser.add_argument("--under-load", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hexaface-swap-") as home:
        port = free_port()
        os.environ |= {
            "HEXAFACE_HOME": home,
            "PORT": str(port),
            "HEXAFACE_WORKERS": str(arguments.workers),
            "HEXAFACE_WORKER": "false",
            "MALLOC_ARENA_MAX": "2",
            "HEXAFACE_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "hexaface.settings",
        }
        sys.path.insert(0, str(ROOT))
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        import django  # noqa: PLC0415

        django.setup()
        gunicorn = [str(Path(sys.executable).with_name("gunicorn")), "--config", "python:hexaface.gunicorn"]
        server = subprocess.Popen(gunicorn, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            report(Bench(port, server.pid), arguments.swaps, arguments.under_load)
        finally:
            server.terminate()
            server.wait(60)


class Bench:
    """A server and what we ask of it."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid
        photo = base64.b64encode((ROOT / "static" / "samples" / "astronaut.jpg").read_bytes()).decode()
        self.body = json.dumps({"image": photo, "tasks": ["age", "gender"]})
        while self.ask()[0] != 200:
            time.sleep(0.2)

    def ask(self) -> tuple[int, dict[str, Any]]:
        """One request on a connection of its own: any of the server processes takes it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/api/v1/analyze", self.body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        except (OSError, ValueError):
            return 0, {}
        finally:
            connection.close()

    def activate(self, key: str) -> float:
        """Activate for age and gender in the database, as the click does; seconds on the clock when it was done."""
        from apps.versions import services  # noqa: PLC0415
        from apps.versions.models import ModelVersion  # noqa: PLC0415

        network, _, version = key.partition(" ")
        row = ModelVersion.objects.get(network=network, version=version)
        for task in ("age", "gender"):
            services.activate(task=task, version=row, user=None, reason="bench")
        return time.monotonic()

    def all_serve(self, key: str) -> bool:
        """Whether every server process says that it serves the version for both tasks."""
        from apps.versions.models import ProcessState  # noqa: PLC0415

        states = ProcessState.objects.filter(task__in=("age", "gender"))
        return set(states.values_list("serving", flat=True)) == {key}

    def memory(self) -> float:
        """Megabytes (PSS) of the server and its processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text("ascii") for pid in (str(self.pid), *children)]
        return sum(int(text.split("Pss:")[1].split()[0]) for text in texts) / 1024


def report(bench: Bench, swaps: int, under_load: int) -> None:
    """Everything, in turn."""
    load(bench, 0, seconds=10)  # the pools of interpreters fill up
    firsts, lasts = [], []
    for number in range(10):
        first, last = time_of_switch(bench, OTHER if number % 2 == 0 else OWN)
        firsts.append(first)
        lasts.append(last)
    say("from the activation to the first answer by the new version", firsts)
    say("from the activation to the last answer by the old version", lasts)

    before = bench.memory()
    for number in range(swaps):
        swap(bench, OTHER if number % 2 == 0 else OWN)
        for _ in range(4):
            bench.ask()
    swap(bench, OWN)
    time.sleep(3)
    print(f"memory of the server: {before:.0f} MB before, {bench.memory():.0f} MB after {swaps} switches")

    counts = load(bench, under_load)
    print(f"{CLIENTS} clients during {under_load} switches: {dict(counts)}")
    time.sleep(3)
    print(f"memory of the server after the load: {bench.memory():.0f} MB")


def time_of_switch(bench: Bench, key: str) -> tuple[float, float]:
    """Seconds to the first answer by the new version and to the last by the old, asking without a pause."""
    start = bench.activate(key)
    first = last = 0.0
    settled = time.monotonic() + 60
    while time.monotonic() < settled:
        _, answer = bench.ask()
        now = time.monotonic() - start
        if versions(answer) != {key}:
            last = now
        elif not first:
            first, settled = now, time.monotonic() + 4
    return first, last


def swap(bench: Bench, key: str) -> None:
    """Activate and wait until all processes have followed."""
    from apps.versions.services import Refused  # noqa: PLC0415

    try:
        bench.activate(key)
    except Refused:
        return
    while not bench.all_serve(key):
        time.sleep(0.1)


def load(bench: Bench, count: int, *, seconds: float = 0.0) -> Counter[str]:
    """What became of the requests of eight clients while versions were switched, or for some seconds."""
    over, counts, lock = threading.Event(), Counter[str](), threading.Lock()

    def client() -> None:
        while not over.is_set():
            status, answer = bench.ask()
            known = status == 200 and versions(answer) <= {OWN, OTHER}
            with lock:
                counts["answered" if known else f"failed {status}"] += 1

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for number in range(count):
        swap(bench, OTHER if number % 2 == 0 else OWN)
    time.sleep(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return counts


def versions(answer: dict[str, Any]) -> set[str]:
    """The versions that an answer names."""
    return {f"{model['network']} {model['version']}" for model in answer.get("models", {}).values()}


def say(what: str, seconds: list[float]) -> None:
    """Median and worst."""
    print(f"{what}: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s ({len(seconds)} switches)")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()

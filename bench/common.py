"""What every section shares: the settings of a run, the machine it runs on, and the file of results."""

import datetime as dt
import json
import os
import platform
import re
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "bench" / "results"
SECTIONS: Final = {"peers": "bench.compare", "server": "bench.server", "growth": "bench.growth", "limit": "bench.limit"}
"""Section -> the module that measures it, by its `measure(settings)`."""
VERSIONS: Final = ("ai-edge-litert", "numpy", "opencv-python-headless", "pillow", "Django", "gunicorn")


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the harness.

    work: folder for environments and composed photographs. runs: counted runs per figure. small: a few rows of peers that need no
    download, for the test. only: names of peers, empty for all. data: folder with labelled photographs, or None.
    requests: how many the server answers while its memory is watched. quick: few rows of the peers, for a look while developing.
    """

    work: Path = field(default_factory=lambda: Path.home() / ".cache" / "hexaface-bench")
    runs: int = 30
    small: bool = False
    only: tuple[str, ...] = ()
    data: Path | None = None
    requests: int = 10_000
    quick: bool = False


def context() -> dict[str, Any]:
    """When and on what a section was measured; call it before anything is loaded."""
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
        "versions": {name: _version(name) for name in VERSIONS},
    }


def processor() -> str:
    """The processor's name as the kernel tells it."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def results_file(folder: Path = RESULTS) -> Path:
    """Where today's results on this processor go."""
    name = re.sub(r"[^a-z0-9]+", "-", processor().lower()).strip("-")
    return folder / f"{dt.datetime.now(dt.UTC).date().isoformat()}-{name}.json"


def newest(folder: Path = RESULTS) -> Path | None:
    """The newest file of results; names begin with the date."""
    return max(folder.glob("*.json"), default=None)


def read(path: Path) -> dict[str, Any]:
    """Sections by name; none when there is no file yet."""
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def merge(path: Path, section: str, measured: dict[str, Any]) -> None:
    """Put one section into the file and leave the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = read(path) | {section: measured}
    path.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

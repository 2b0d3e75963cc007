"""The peers and an environment for each, outside the repository: made once, made anew when its requirements change."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.common import ROOT

PEERS: Final = ROOT / "bench" / "peers"
INSTALL_SECONDS: Final = 1200
PINS: Final = ("requirements.txt", "package.json", "package-lock.json")


class PeerError(Exception):
    """A peer could not be installed, loaded or run; the message says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """What bench/peers/<name>/peer.toml says.

    runtime: "own" runs in the harness' environment, "python" and "node" in one of its own, "none" nowhere, for the reason in
    `unavailable`. called: its call, for the reader. slow: it stands in the rows of one usual photograph and the most threads only.
    """

    name: str
    title: str
    runtime: str
    called: str
    note: str
    unavailable: str
    slow: bool

    @property
    def folder(self) -> Path:
        """Where its worker and its pins are."""
        return PEERS / self.name

    @property
    def pins(self) -> list[Path]:
        """The files that its environment is made from."""
        return [self.folder / name for name in PINS if (self.folder / name).is_file()]


def peers() -> list[Peer]:
    """All peers, HexaFace first."""
    found = [_peer(path.parent) for path in sorted(PEERS.glob("*/peer.toml"))]
    return sorted(found, key=lambda peer: (peer.name != "hexaface", peer.name))


def _peer(folder: Path) -> Peer:
    said: dict[str, Any] = tomllib.loads((folder / "peer.toml").read_text("utf-8"))
    return Peer(
        folder.name,
        said["title"],
        said["runtime"],
        said["called"],
        note=said.get("note", ""),
        unavailable=said.get("unavailable", ""),
        slow=said.get("slow", False),
    )


def command(peer: Peer, work: Path) -> list[str]:
    """How its worker is started; installs its environment when that is not there. Raises PeerError."""
    if peer.runtime == "own":
        return [sys.executable, "-m", f"bench.peers.{peer.name}.worker"]
    if peer.runtime == "none":
        raise PeerError(peer.unavailable)
    place = _installed(peer, work)
    if peer.runtime == "python":
        return [str(place / "bin" / "python"), "-m", f"bench.peers.{peer.name}.worker"]
    return ["node", str(peer.folder / "worker.js"), str(place)]


def _installed(peer: Peer, work: Path) -> Path:
    """The folder of the environment; its name holds a hash of the pins."""
    content = b"".join(path.read_bytes() for path in peer.pins) + sys.version.encode()
    place = work / "environments" / f"{peer.name}-{hashlib.sha256(content).hexdigest()[:12]}"
    if not (place / "done").is_file():
        print(f"  installing {peer.title} ...", flush=True)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        (_install_python if peer.runtime == "python" else _install_node)(peer, place)
        (place / "done").touch()
    return place


def _install_python(peer: Peer, place: Path) -> None:
    _call([sys.executable, "-m", "venv", str(place)])
    # Every package is pinned, what it needs too, so pip resolves nothing: some peers name others that cannot be built.
    pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps"]
    _call([*pip, "-r", str(peer.folder / "requirements.txt")])


def _install_node(peer: Peer, place: Path) -> None:
    if shutil.which("npm") is None:
        raise PeerError("Node and npm are not installed")
    for path in peer.pins:
        shutil.copy(path, place)
    npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev", "--loglevel=error"]
    _call([*npm, "--prefix", str(place)])


def _call(command_: list[str]) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    try:
        done = subprocess.run(
            command_, env=environ, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PeerError(f"not installed after {INSTALL_SECONDS} s") from error
    if done.returncode:
        raise PeerError(last_line(done.stderr) or f"the installation ended with {done.returncode}")


def last_line(text: str) -> str:
    """The last line with words in it, at most 300 characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""

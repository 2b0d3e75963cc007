"""Fetching of published packages by name and exact version, with the ordinary clients of their registries."""

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Package:
    """A published package; `archive` is the start of its file's name, by which a folder of downloads is searched."""

    registry: Literal["npm", "pypi", "pypi-source"]
    name: str
    version: str
    archive: str

    def __str__(self) -> str:
        return f"{'npm' if self.registry == 'npm' else 'PyPI'} {self.name} {self.version}"


def unpacked(package: Package, folder: Path, downloads: Path | None = None) -> Path:
    """Fetch (or find in `downloads`) and unpack the package below `folder`; the returned folder holds the package's files.

    Raises FileNotFoundError when the client left no archive, CalledProcessError when it failed.
    """
    target = folder / package.archive
    if target.exists():
        return _inner(package, target)
    archive = _archive(package, downloads) if downloads else _fetched(package, folder)
    if package.registry == "pypi":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)  # noqa: S202  zipfile itself drops '..' and roots
    else:
        with tarfile.open(archive) as tar:
            tar.extractall(target, filter="data")
    return _inner(package, target)


def _inner(package: Package, target: Path) -> Path:
    """The folder of an unpacked archive that holds the package's files."""
    return target / {"npm": "package", "pypi": ".", "pypi-source": package.archive}[package.registry]


def _fetched(package: Package, folder: Path) -> Path:
    if package.registry == "npm":
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    else:
        requirement = f"{package.name}=={package.version}"
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary" if package.registry == "pypi-source" else "--only-binary",
            ":all:",
            requirement,
        ]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  fixed words, pinned names
    return _archive(package, folder)


def _archive(package: Package, folder: Path) -> Path:
    found = [path for path in sorted(folder.glob(f"{package.archive}*")) if path.suffix in {".tgz", ".whl", ".gz"}]
    if not found:
        raise FileNotFoundError(f"no archive of {package} in {folder}")
    return found[0]

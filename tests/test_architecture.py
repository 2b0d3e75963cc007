"""The rules of the house: who may import whom, and what must not be loaded."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from apps.core import registry

ROOT = Path(__file__).parents[1]
HEAVY = ("tensorflow", "keras", "torch", "mtcnn", "sklearn", "skimage", "matplotlib", "scipy")


def loaded_modules(code: str, tmp_path: Path) -> set[str]:
    """Names of the top-level modules that a fresh interpreter has loaded after running some code."""
    script = f"import json, sys\n{code}\nsys.stderr.write('MODULES ' + json.dumps(sorted({{n.split('.')[0] for n in sys.modules}})))"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HEXAFACE_", "DJANGO_"))}
    environ |= {"HEXAFACE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "hexaface.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.rsplit("MODULES ", 1)[1]))


def test_import_contracts(tmp_path: Path) -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    command = [str(lint), "--config", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"Contracts: [6-9] kept, 0 broken", done.stdout)


@pytest.mark.parametrize(
    "code",
    [
        "import django; django.setup()",
        "import django; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns",
        "from django.core.management import execute_from_command_line as run; run(['manage.py', 'check'])",
        "import hexaface.wsgi",
    ],
    ids=["setup", "urls", "manage.py", "server"],
)
def test_nothing_heavy_is_loaded(code: str, tmp_path: Path) -> None:
    loaded = loaded_modules(code, tmp_path)
    assert "django" in loaded
    assert not loaded & set(HEAVY)


def test_networks_are_not_loaded_by_setup(tmp_path: Path) -> None:
    loaded = loaded_modules(
        "import django; django.setup(); import apps.core.engine as e; assert not e.is_loaded()", tmp_path
    )
    assert "hexaface" in loaded


def test_a_task_is_one_small_folder() -> None:
    for task in registry.tasks():
        folder = Path(apps.get_app_config(task.slug).path)
        assert (folder / "templates" / task.slug / "result.html").is_file()
        modules = {path.name for path in folder.glob("*.py")}
        assert modules == {"__init__.py", "apps.py", "task.py"}


def test_modules_stay_small() -> None:
    sizes = {
        path.relative_to(ROOT): len(path.read_text("utf-8").splitlines())
        for part in ("apps", "hexaface", "ml")
        for path in (ROOT / part).rglob("*.py")
    }
    assert {path: lines for path, lines in sizes.items() if lines > 260} == {}


def test_nothing_reads_the_environment_but_the_settings() -> None:
    reading = re.compile(r"os\.environ(\[|\.get\(|\.items|\))|getenv")
    readers = {
        path.relative_to(ROOT).as_posix()
        for part in ("apps", "ml")
        for path in (ROOT / part).rglob("*.py")
        if reading.search(path.read_text("utf-8"))
    }
    assert readers <= {"apps/core/checks.py"}

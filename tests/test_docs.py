"""The docs name everything there is, and nothing that is not."""

import re
from pathlib import Path

import pytest

from apps.core.errors import STATUS
from apps.core.registry import TaskPage, tasks
from hexaface.config import Config, settings_table
from ml.training.__main__ import RECIPES
from ml.training.tables import left_over, written

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_there_are_docs() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "api.md", "tasks.md"} <= {path.name for path in DOCS}


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.slug)
def test_every_task_is_described(task: TaskPage) -> None:
    assert re.search(rf"\b{task.slug}\b", text("docs/tasks.md"))
    assert re.search(rf"\b{task.slug}\b", text("docs/api.md"))
    assert re.search(rf"\b{task.slug}\b", text("README.md"))


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.slug)
def test_every_option_is_described(task: TaskPage) -> None:
    missing = [
        name for name in task.options.model_fields if f"`{name}`" not in text("docs/tasks.md") + text("docs/api.md")
    ]
    assert missing == []


def test_every_setting_is_described_as_it_is() -> None:
    rows = [f"| `{row.env}` | {row.type} | {row.default or '(none)'} | {row.help} |" for row in settings_table()]
    assert [row for row in rows if row not in text("docs/operating.md")] == []


def test_no_setting_is_invented() -> None:
    named = {name for path in DOCS for name in re.findall(r"HEXAFACE_[A-Z_]+\w", path.read_text("utf-8"))}
    assert named <= set(Config.names())


def test_every_error_is_described() -> None:
    rows = [f"| {status.value} | `{code}` |" for code, status in STATUS.items()]
    assert [row for row in rows if row not in text("docs/api.md")] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_make_target_that_is_named_exists() -> None:
    makefile = text("Makefile")
    named = {
        name
        for path in DOCS
        for name in re.findall(r"(?:`|^ {4})make ([a-z][a-z-]+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {"run", "test", "help", "accuracy"} <= named
    assert "\ntrain-%:" in makefile
    recipes = {f"train-{name}" for name in RECIPES}
    assert {name for name in named - recipes if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def test_accuracy_is_what_the_manifest_and_the_reports_say() -> None:
    files = written(ROOT / "weights", ROOT)
    stale = [path.name for path, wanted in files.items() if not path.is_file() or path.read_text("utf-8") != wanted]
    assert stale == [], "run: make accuracy"
    assert left_over(files) == [], "run: make accuracy"


def test_there_are_tables_plots_and_cards() -> None:
    kinds = [path.relative_to(ROOT).parts[:2] for path in written(ROOT / "weights", ROOT)]
    assert kinds.count(("docs", "cards")) >= 10
    assert kinds.count(("docs", "plots")) >= 8

"""The tables of settings: up to date, and made from the declarations alone."""

from pathlib import Path

from wholefield.tasks.documentation import documentation, main
from wholefield.tasks.registry import TASKS

FILE = Path(__file__).resolve().parents[3] / "docs" / "settings.md"


def test_the_file_is_up_to_date() -> None:
    known = {task.name: task for task in TASKS}
    assert FILE.read_text(encoding="utf-8") == documentation(known), (
        "run python -m wholefield.tasks.documentation docs/settings.md"
    )


def test_every_setting_is_listed(tmp_path: Path) -> None:
    assert main([str(tmp_path / "settings.md")]) == 0
    text = (tmp_path / "settings.md").read_text(encoding="utf-8")
    for task in TASKS:
        section = text.split(f"## {task.title}\n")[1].split("\n## ")[0]
        assert all(f"| `{name}` |" in section for name in task.settings.declarations())

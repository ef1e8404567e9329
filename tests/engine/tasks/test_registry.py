"""Tasks are data: a setting is added in one place, and another package adds a task by an entry point."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from annotated_types import Ge

from wholefield.cli.options import Parser, add_settings, command_line, settings_from
from wholefield.errors import SettingError
from wholefield.runs.settings import Group, Setting, save_settings
from wholefield.tasks import registry
from wholefield.tasks.documentation import documentation
from wholefield.tasks.registry import TASKS, find_task, load_settings, tasks
from wholefield.tasks.slides.settings import ClassifySettings


@dataclass(frozen=True, kw_only=True)
class SmoothedSettings(ClassifySettings):
    """Classify with smoothed labels."""

    task: ClassVar[str] = "classify-smoothed"
    command: ClassVar[tuple[str, ...]] = ("train", "classify-smoothed")

    label_smoothing: Annotated[
        int, Ge(0), Setting("How much the labels are smoothed.", unit="percent", group=Group.TRAINING)
    ] = 5


@pytest.fixture
def smoothed(monkeypatch: pytest.MonkeyPatch) -> Iterator[registry.Task]:
    """The task with one more setting, registered."""
    task = replace(find_task("classify"), settings=SmoothedSettings, title="Classify, smoothed")
    monkeypatch.setattr(registry, "TASKS", (*TASKS, task))
    tasks.cache_clear()
    yield task
    tasks.cache_clear()


def test_a_new_setting_is_one_edit(smoothed: registry.Task, tmp_path: Path) -> None:
    settings = SmoothedSettings(slides=Path("s"), labels=Path("l"), label_smoothing=9)
    assert "--label-smoothing=9" in command_line(settings)
    parser = Parser(prog="wholefield")
    add_settings(parser, SmoothedSettings)
    words = ["--slides=s", "--labels=l", "--label-smoothing=9"]
    assert settings_from(parser.parse_args(words), SmoothedSettings) == settings
    shown = " ".join(parser.format_help().split())
    assert "How much the labels are smoothed. In percent. Default: 5." in shown
    save_settings(settings, tmp_path / "config.json")
    assert load_settings(tmp_path / "config.json") == settings
    assert json.loads((tmp_path / "config.json").read_text())["label_smoothing"] == 9
    assert (
        "| `label_smoothing` | Label smoothing | How much the labels are smoothed. In percent. |"
        in documentation()
    )
    with pytest.raises(SettingError, match="label_smoothing is -1 but must be at least 0"):
        replace(settings, slides=tmp_path, labels=tmp_path / "config.json", label_smoothing=-1).validate()


TOY = '''
"""A task of another package: it learns the mean of numbers in a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from wholefield.runs.reports import EpochDone, Started
from wholefield.runs.settings import PathKind, RunSettings, Setting
from wholefield.tasks.registry import Data, Task
from wholefield.training.quality import Quality


@dataclass(frozen=True, kw_only=True)
class ToySettings(RunSettings):
    """Learn the mean of numbers."""

    task: ClassVar[str] = "toy"
    command: ClassVar[tuple[str, ...]] = ("train", "toy")

    numbers: Annotated[Path, Setting("A file of numbers.", path=PathKind.FILE)]
    epochs: Annotated[int, Setting("Passes over the numbers.")] = 2


def train(settings, folder, report, control):
    report(Started(settings.task, folder.path, epochs=settings.epochs))
    values = [float(line) for line in settings.numbers.read_text().split()]
    for epoch in range(1, settings.epochs + 1):
        control.poll()
        report(EpochDone(epoch, {"validation_error": 1 / epoch}, epoch))
    folder.last.write_text(str(sum(values) / len(values)))


TASK = Task(ToySettings, "Toy", Data.STACKS, "toy_package:train", Quality("validation_error", "Error"))
'''


def test_a_task_of_another_package_trains_by_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "toy_package.py").write_text(TOY)
    info = tmp_path / "toy_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[wholefield.tasks]\ntoy = toy_package:TASK\n")
    (tmp_path / "numbers.txt").write_text("1 2 6")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from wholefield.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    words = ["train", "toy", "--numbers=numbers.txt", "--epochs=3", "--out=runs"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "epoch 3: validation_error 0.3333" in done.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "last.ckpt").read_text() == "3.0"
    assert json.loads((folder / "config.json").read_text())["epochs"] == 3


def test_a_broken_package_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    info = tmp_path / "broken_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[wholefield.tasks]\nbroken = no_such_package:TASK\n")
    monkeypatch.syspath_prepend(tmp_path)
    tasks.cache_clear()
    assert set(tasks()) >= {task.name for task in TASKS}
    assert "The tasks of no_such_package:TASK cannot be loaded" in caplog.text
    tasks.cache_clear()


def test_an_unknown_task_is_told() -> None:
    with pytest.raises(SettingError, match="There is no task 'paint'; choose one of apply, classify"):
        find_task("paint")

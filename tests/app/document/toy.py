"""A task as another package brings it along: it trains nothing, but as every training does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge

from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import CheckpointSaved, EpochDone, ReportFunction, Started, StepDone
from wholefield.runs.settings import Group, PathKind, Setting
from wholefield.tasks.registry import Data, Task
from wholefield.training.quality import Quality
from wholefield.training.settings import TrainingSettings


@dataclass(frozen=True, kw_only=True)
class ToySettings(TrainingSettings):
    """Train a toy."""

    task: ClassVar[str] = "toy"
    command: ClassVar[tuple[str, ...]] = ("train", "toy")

    slides: Annotated[Path, Setting("A folder of slides.", group=Group.DATA, path=PathKind.FOLDER)]
    squeaks: Annotated[int, Ge(1), Setting("How often it squeaks.", label="Squeaks")] = 3


def train_toy(settings: ToySettings, run: RunFolder, report: ReportFunction, control: Control) -> None:
    """Report one epoch and leave a checkpoint."""
    report(Started("toy", run.path, settings.squeaks, 1))
    for step in range(1, settings.squeaks + 1):
        control.poll()
        report(StepDone(step, settings.squeaks, 1, 1, 1 / step))
    report(EpochDone(1, {"validation_fun": 0.75}, settings.squeaks))
    run.best.touch()
    report(CheckpointSaved(run.best, best=True))


TOY = Task(
    ToySettings,
    "Toy",
    Data.SLIDES,
    f"{__name__}:train_toy",
    Quality("validation_fun", "Fun, laughs"),
    predict="predict",
)

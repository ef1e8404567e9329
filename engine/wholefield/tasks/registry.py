"""All tasks as data: those of the program, and those that other packages add by an entry point. Imports no torch.

A package adds tasks by an entry point of the group `wholefield.tasks` that names a `Task` or a tuple of them.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.paths import located
from wholefield.runs.reports import Failed, Finished, ReportFunction
from wholefield.runs.settings import RunSettings, read_settings
from wholefield.runs.start import Runner, execute
from wholefield.tasks.events.settings import FlowPredictSettings, FlowSettings
from wholefield.tasks.slides.published.seams_settings import SeamsSettings
from wholefield.tasks.slides.published.settings import ApplySettings
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings, SegmentSettings
from wholefield.tasks.slides.strokes.settings import StrokesSettings
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.tasks.stacks.published.settings import StackApplySettings
from wholefield.tasks.stacks.settings import StackRegressionSettings, StackSegmentationSettings
from wholefield.training.quality import (
    ACCURACY,
    DICE,
    ENDPOINT_ERROR,
    PSNR,
    SPLIT_ERROR,
    Quality,
)

ENTRY_POINTS = "wholefield.tasks"

log = logging.getLogger(__name__)


class Data(StrEnum):
    """What a task works on; the window has a workspace for each."""

    SLIDES = "slides"
    STACKS = "stacks"
    EVENTS = "events"


@dataclass(frozen=True)
class Task:
    """Something that can be done with data, by a form, a command, a settings file or a script.

    Attributes:
        settings: Its settings; they name the task and its command.
        title: What a list of tasks calls it.
        data: What it works on.
        runner: `module:function` that does it, called with (settings, run folder, report, control).
        quality: The figure of the validation by which epochs are compared; None for tasks that train nothing.
        predict: Name of the task that uses the models of this one.
        title_of: `module:function` that names a run with given settings in a list of models.
    """

    settings: type[RunSettings]
    title: str
    data: Data
    runner: str
    quality: Quality | None = None
    predict: str = ""
    title_of: str = ""

    @property
    def name(self) -> str:
        """Its name in files and commands."""
        return self.settings.task

    @property
    def trains(self) -> bool:
        """Whether it trains a model."""
        return self.quality is not None

    def run_title(self, settings: RunSettings) -> str:
        """What a run with these settings, and the model that comes of it, is called."""
        if not self.title_of:
            return self.title
        module, function = self.title_of.split(":")
        return str(getattr(import_module(module), function)(settings))


TASKS = (
    Task(
        ClassifySettings,
        "Classify slides",
        Data.SLIDES,
        "wholefield.tasks.slides.classify:train_classifier",
        ACCURACY,
        "predict",
        "wholefield.tasks.slides.settings:run_title",
    ),
    Task(
        SegmentSettings,
        "Segment slides",
        Data.SLIDES,
        "wholefield.tasks.slides.segment:train_segmenter",
        DICE,
        "predict",
        "wholefield.tasks.slides.settings:run_title",
    ),
    Task(
        StrokesSettings,
        "Segment from strokes",
        Data.SLIDES,
        "wholefield.tasks.slides.strokes.training:train_on_strokes",
        DICE,
        "predict",
        "wholefield.tasks.slides.settings:run_title",
    ),
    Task(PredictSettings, "Predict a slide", Data.SLIDES, "wholefield.tasks.slides.predict:predict_into"),
    Task(
        ApplySettings,
        "Use a published model on a slide",
        Data.SLIDES,
        "wholefield.tasks.slides.published.apply:apply_into",
    ),
    Task(
        SeamsSettings,
        "Measure the seams of a model",
        Data.SLIDES,
        "wholefield.tasks.slides.published.seams:seams_into",
    ),
    Task(
        StackRegressionSettings,
        "Denoise or restore",
        Data.STACKS,
        "wholefield.tasks.stacks.train:train_regression",
        PSNR,
        "stack-predict",
        "wholefield.tasks.stacks.settings:run_title",
    ),
    Task(
        StackSegmentationSettings,
        "Segment",
        Data.STACKS,
        "wholefield.tasks.stacks.train:train_segmentation",
        DICE,
        "stack-predict",
        "wholefield.tasks.stacks.settings:run_title",
    ),
    Task(
        Noise2InverseSettings,
        "Noise2Inverse",
        Data.STACKS,
        "wholefield.tasks.stacks.noise2inverse:train_noise2inverse",
        SPLIT_ERROR,
        "stack-predict",
        "wholefield.tasks.stacks.settings:run_title",
    ),
    Task(
        StackPredictSettings, "Predict a stack", Data.STACKS, "wholefield.tasks.stacks.predict:predict_stack"
    ),
    Task(
        StackApplySettings,
        "Use a published model on a stack",
        Data.STACKS,
        "wholefield.tasks.stacks.published.apply:apply_to_stack",
    ),
    Task(
        FlowSettings,
        "Optical flow",
        Data.EVENTS,
        "wholefield.tasks.events.train:train_flow",
        ENDPOINT_ERROR,
        "flow-predict",
        "wholefield.tasks.events.settings:run_title",
    ),
    Task(FlowPredictSettings, "Predict flow", Data.EVENTS, "wholefield.tasks.events.predict:predict_flow"),
)


@cache
def tasks() -> Mapping[str, Task]:
    """All tasks by name; one of another package that cannot be loaded is left out, with a warning in the log."""
    found = {task.name: task for task in TASKS}
    for point in entry_points(group=ENTRY_POINTS):
        try:
            loaded = point.load()
        except Exception as error:  # whatever another package does wrong must not stop the program
            log.warning(
                "The tasks of %s cannot be loaded (%s: %s).", point.value, type(error).__name__, error
            )
            continue
        for task in loaded if isinstance(loaded, tuple) else (loaded,):
            found.setdefault(task.name, task)
    return MappingProxyType(found)


def find_task(name: str) -> Task:
    """The task of this name.

    Raises:
        SettingError: There is none.
    """
    if name not in tasks():
        raise SettingError(f"There is no task {name!r}; choose one of {', '.join(sorted(tasks()))}.")
    return tasks()[name]


def tasks_of(data: Data, *, training: bool = True) -> tuple[Task, ...]:
    """The tasks on one kind of data that train a model, or those that do not."""
    return tuple(task for task in tasks().values() if task.data is data and task.trains is training)


def load_settings(path: Path) -> RunSettings:
    """Read settings of any task from a JSON file.

    Raises:
        SettingError: The file is missing, is no JSON object, or holds settings that do not fit the task.
    """
    values = read_settings(path)
    try:
        return find_task(str(values.get("task"))).settings.from_json(values)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error


def settings_of(folder: RunFolder) -> RunSettings:
    """The settings of a run; relative paths, as runs of before kept them, are looked for from its folder upwards.

    Raises:
        SettingError: They cannot be read.
    """
    return located(load_settings(folder.settings_file), folder.path)


def run_task(
    settings: RunSettings, folder: Path, report: ReportFunction, control: Control
) -> Finished | Failed:
    """Run a task to its end, in the calling thread; see `wholefield.runs.start.execute`.

    Args:
        settings: The settings, which name the task.
        folder: The run folder, such as `RunFolder.create(...).path`; made where missing.
        report: Called with every report, in this thread.
        control: Polled between tiles and between steps.
    """
    return execute(_runner, settings, folder, report, control)


def _runner(settings: RunSettings) -> Runner:
    """Import the task; its OpenMP threads must sleep while idle, which has to be set before torch comes in."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    module, function = find_task(settings.task).runner.split(":")
    runner: Callable[..., None] = getattr(import_module(module), function)
    from wholefield.training.devices import leave_one_core_free

    leave_one_core_free()
    return runner

"""The trained models of earlier runs that a prediction can use."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.runs.folder import RunFolder, past_runs
from wholefield.tasks.registry import find_task, settings_of
from wholefield.training.quality import Quality

NOT_VALIDATED = "not validated"


@dataclass(frozen=True)
class TrainedModel:
    """A file with trained weights, and what a list calls it."""

    path: Path
    title: str


def list_models(runs: Path, predict: str) -> list[TrainedModel]:
    """Best and last models of the trainings under `runs`, newest run first; call it in a worker thread.

    A model is called the best one, with its figure, only where a validation says so. Runs that are damaged, and those
    whose models the task cannot use, are left out.

    Args:
        runs: Folder with the folders of runs.
        predict: Name of the task that is to use the models.
    """
    return [model for folder in past_runs(runs) for model in _models_of(folder, predict)]


def _models_of(folder: RunFolder, predict: str) -> list[TrainedModel]:
    try:
        settings = settings_of(folder)
        task = find_task(settings.task)
        if task.predict != predict or task.quality is None:
            return []
        title = task.run_title(settings)
        figure = _best_figure(folder, task.quality)
    except (SettingError, ValueError):
        return []
    begun = f"{datetime.fromtimestamp(folder.settings_file.stat().st_mtime):%H:%M, %d %b}"
    found = []
    if folder.best.is_file():
        found.append(TrainedModel(folder.best, f"{title}, {figure or NOT_VALIDATED}, {begun}"))
    if folder.last.is_file():
        found.append(TrainedModel(folder.last, f"{title}, last, {begun}"))
    return found


def _best_figure(folder: RunFolder, quality: Quality) -> str:
    """The best figure of the validation, such as "best, PSNR 31.2 dB"; empty before the first validation."""
    values = [row.value for row in folder.metrics() if row.metric == quality.metric]
    if not values:
        return ""
    best = max(values) if quality.larger_is_better else min(values)
    name, _, unit = quality.title.partition(", ")
    return f"best, {name} {best:.3g} {unit}".rstrip()

"""The checkpoints of past runs that a prediction can use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.runs.folder import RunFolder, past_runs
from wholefield.runs.settings import RunSettings
from wholefield.tasks.registry import settings_of

NameRun = Callable[[RunSettings], str | None]
NOT_VALIDATED = "not validated"
# What a validation measures, in the order in which a list says it: the metric, its name, and whether more is better.
FIGURES = (
    ("validation_accuracy", "accuracy {:.2f}", max),
    ("validation_dice", "Dice {:.2f}", max),
    ("validation_psnr", "PSNR {:.1f} dB", max),
    ("validation_loss", "loss {:.3g}", min),
)


@dataclass(frozen=True)
class Checkpoint:
    """A file with trained weights, and what a list calls it."""

    path: Path
    title: str


def list_checkpoints(runs: Path, name_run: NameRun) -> list[Checkpoint]:
    """Best and last checkpoints of runs under `runs`, newest run first; damaged runs are left out.

    Args:
        runs: Folder with the folders of runs.
        name_run: What to call a run with these settings; None for runs that are of no use.
    """
    found: list[Checkpoint] = []
    for folder in past_runs(runs):
        name = _name(folder, name_run)
        if name is None:
            continue
        for path in (folder.best, folder.last):
            if path.is_file():
                kind = "last" if path == folder.last else _kind_of_best(folder)
                found.append(Checkpoint(path, name.format(kind)))
    return found


def _kind_of_best(folder: RunFolder) -> str:
    """“best” with the figure that says so; before the first validation no checkpoint is the best."""
    rows = folder.metrics()
    for metric, text, better in FIGURES:
        values = [row.value for row in rows if row.metric == metric]
        if values:
            return f"best, {text.format(better(values))}"
    return NOT_VALIDATED


def _name(folder: RunFolder, name_run: NameRun) -> str | None:
    """The name of the run and when the run began, with a gap for the kind of checkpoint."""
    try:
        title = name_run(settings_of(folder))
    except SettingError:
        return None
    if title is None:
        return None
    begun = datetime.fromtimestamp(folder.settings_file.stat().st_mtime)
    return f"{title}, {{}}, {begun:%H:%M, %d %b}"

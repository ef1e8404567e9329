"""Earlier runs as they stand in their folders: what was done, how it ended and how good it became. Imports no torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from wholefield.errors import SettingError
from wholefield.runs.folder import MetricRow, RunFolder, past_runs
from wholefield.runs.settings import RunSettings
from wholefield.tasks.registry import Task, find_task, settings_of

ENDED, FAILED = "Ended: ", "Failed: "
TAIL = 4096


@dataclass(frozen=True)
class PastRun:
    """An earlier run, or one that is in progress.

    Attributes:
        folder: Its folder.
        task: What it did.
        settings: With which settings.
        begun: When its folder was made or, for one made otherwise, its settings were written.
        ended: How: `completed`, `stopped`, `discarded`, `failed`, or `unfinished`.
        epochs: Whole epochs so far; 0 where it has none.
        best_epoch: The best of them by the figure of the task; None where none was judged.
        metrics: The metrics of the best epoch, or of the last one where none was judged.
    """

    folder: RunFolder
    task: Task
    settings: RunSettings
    begun: datetime
    ended: str
    epochs: int
    best_epoch: int | None
    metrics: Mapping[str, float]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.path.name

    @property
    def title(self) -> str:
        """What the task and its settings are called in a list."""
        return self.task.run_title(self.settings)

    @property
    def figure(self) -> float | None:
        """The figure by which the task compares models, of the best epoch; None where it was not measured."""
        quality = self.task.quality
        return None if quality is None else self.metrics.get(quality.metric)


def read_run(path: Path) -> PastRun:
    """What stands in a run folder.

    Raises:
        SettingError: It is not a run folder, or its settings or metrics are damaged.
    """
    folder = RunFolder(path)
    settings = settings_of(folder)
    task = find_task(settings.task)
    try:
        epochs = epochs_in(folder.metrics())
    except (ValueError, OSError) as error:
        raise SettingError(f"{folder.metrics_file} cannot be read ({error}).") from error
    best = None
    if task.quality is not None and epochs:
        scores = {epoch: task.quality.score(values) for epoch, values in epochs.items()}
        # Of equal ones the first: the training keeps it, too.
        best = max(scores, key=lambda epoch: (scores[epoch], -epoch)) if any(scores.values()) else None
    shown = epochs[best if best is not None else max(epochs)] if epochs else {}
    return PastRun(folder, task, settings, _begun(folder), _ended(folder), len(epochs), best, shown)


def runs_under(parents: Iterable[Path]) -> tuple[list[PastRun], list[str]]:
    """The runs in folders of runs, newest first, and a sentence about each that cannot be read."""
    found, faults = [], []
    for parent in parents:
        for folder in past_runs(parent):
            try:
                found.append(read_run(folder.path))
            except SettingError as error:
                faults.append(str(error))
    return sorted(found, key=lambda run: run.begun, reverse=True), faults


def epochs_in(rows: Iterable[MetricRow]) -> dict[int, dict[str, float]]:
    """The metrics of every whole epoch; the losses of single steps are left out."""
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        if row.metric != "loss" and not row.metric.startswith("loss_"):
            found.setdefault(row.epoch, {})[row.metric] = row.value
    return found


def differing_settings(runs: Iterable[PastRun]) -> dict[str, list[Any]]:
    """The settings that are not alike in all of the runs, by name: one value a run, None where its task has none."""
    values = [run.settings.to_json() for run in runs]
    names = dict.fromkeys(name for each in values for name in each)
    table = {name: [each.get(name) for each in values] for name in names}
    return {name: row for name, row in table.items() if any(value != row[0] for value in row)}


def _begun(folder: RunFolder) -> datetime:
    try:
        return datetime.strptime(folder.path.name[:19], "%Y-%m-%d_%H-%M-%S")
    except ValueError:
        return datetime.fromtimestamp(folder.settings_file.stat().st_mtime)


def _ended(folder: RunFolder) -> str:
    """How the last part of the run ended, by the last line of its log that says so."""
    if not folder.log_file.exists():
        return "unfinished"
    with folder.log_file.open("rb") as file:
        file.seek(max(folder.log_file.stat().st_size - TAIL, 0))
        lines = file.read().decode("utf-8", "replace").splitlines()
    for line in reversed(lines):
        text = line[20:]
        if text.startswith("Started "):
            break
        if text.startswith(ENDED):
            return text.removeprefix(ENDED).rstrip(".")
        if text.startswith(FAILED):
            return "failed"
    return "unfinished"

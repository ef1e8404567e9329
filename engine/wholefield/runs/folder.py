"""The folder of a run: settings, metrics, checkpoints and log, readable at any moment and after a crash."""

import csv
import errno
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from wholefield.errors import SourceError
from wholefield.files import beside, replacing, sweep
from wholefield.runs.paths import absolute
from wholefield.runs.settings import RunSettings, save_settings
from wholefield.runs.tensorboard import EventFiles

CONFIG = "config.json"
METRICS = "metrics.csv"
FIGURES = "figures.json"
PROVENANCE = "provenance.json"
LOG = "log.txt"
BEST = "best.ckpt"
LAST = "last.ckpt"
LOSS = "loss"
COLUMNS = ("time", "epoch", "step", "metric", "value")


@dataclass(frozen=True)
class MetricRow:
    """One value of one metric.

    Attributes:
        time: when it was measured, local time in ISO 8601.
        epoch: the epoch, counted from 1.
        step: the training steps done by then.
        metric: the name; `loss` is the training loss of a step.
        value: the value.
    """

    time: str
    epoch: int
    step: int
    metric: str
    value: float

    @property
    def of_step(self) -> bool:
        """Whether it was measured in a step, and not at the end of an epoch."""
        return self.metric == LOSS or self.metric.startswith(f"{LOSS}_")


@dataclass(frozen=True)
class RunFolder:
    """The files of one run.

    Attributes:
        path: the folder itself.
    """

    path: Path

    @classmethod
    def create(cls, parent: Path, settings: RunSettings, now: datetime | None = None) -> Self:
        """Make a new folder under `parent`, named by the time and the task, and write the settings into it.

        Raises:
            SourceError: the folder cannot be made.
        """
        stamp = (now or datetime.now()).strftime("%Y-%m-%d_%H-%M-%S")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            sweep(parent)
            with beside(parent / f"{stamp}_{settings.task}") as temporary:
                temporary.mkdir()
                save_settings(absolute(settings), temporary / CONFIG)
                return cls(_renamed(temporary, parent / f"{stamp}_{settings.task}"))
        except OSError as error:
            raise SourceError(f"No run folder can be created in {parent} ({error.strerror}).") from error

    @classmethod
    def prepare(cls, path: Path, settings: RunSettings) -> Self:
        """Take a given folder, made where missing; write the settings into it unless it has some.

        Raises:
            SourceError: the folder cannot be made.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceError(f"The run folder {path} cannot be created ({error.strerror}).") from error
        folder = cls(path)
        try:
            if not folder.settings_file.exists():
                save_settings(absolute(settings), folder.settings_file)
        except OSError as error:
            raise SourceError(f"The run folder {path} may not be written to ({error.strerror}).") from error
        return folder

    @property
    def settings_file(self) -> Path:
        """Where the settings are."""
        return self.path / CONFIG

    @property
    def provenance_file(self) -> Path:
        """Where it stands what the run was made with."""
        return self.path / PROVENANCE

    def save_figures(self, figures: Mapping[str, float | str]) -> None:
        """Keep what a run found in a few numbers and words, by name, such as the probability of a class."""
        with replacing(self.path / FIGURES) as temporary:
            temporary.write_text(json.dumps(dict(figures), indent=2) + "\n", encoding="utf-8")

    def figures(self) -> dict[str, float | str]:
        """What `save_figures` kept; empty where a run has none."""
        path = self.path / FIGURES
        found: dict[str, float | str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return found

    @property
    def metrics_file(self) -> Path:
        """Where the metrics are."""
        return self.path / METRICS

    @property
    def log_file(self) -> Path:
        """Where the log is."""
        return self.path / LOG

    @property
    def best(self) -> Path:
        """Where the checkpoint with the best validation is, once there is one."""
        return self.path / BEST

    @property
    def last(self) -> Path:
        """Where the newest checkpoint is, once there is one."""
        return self.path / LAST

    def add_metrics(self, epoch: int, step: int, values: Mapping[str, float]) -> None:
        """Append values to the metrics file; they are on their way to the disk when this returns."""
        time = datetime.now().isoformat(timespec="milliseconds")
        new = not self.metrics_file.exists()
        with self.metrics_file.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(COLUMNS)
            writer.writerows((time, epoch, step, name, repr(float(value))) for name, value in values.items())
        EventFiles(self.path).add((_seconds(time), step, values))

    def metrics(self) -> list[MetricRow]:
        """All whole rows of the metrics file in order; empty where there is none yet.

        A row that a crash cut short is left out.
        """
        if not self.metrics_file.exists():
            return []
        with self.metrics_file.open(newline="", encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        rows = csv.reader(lines[1:])
        return [
            MetricRow(row[0], int(row[1]), int(row[2]), row[3], float(row[4]))
            for row in rows
            if len(row) == len(COLUMNS)
        ]

    def rewind(self, step: int, epochs: int) -> None:
        """Drop the metrics after a checkpoint: a run resumed from it measures them again.

        Args:
            step: Steps that were done then.
            epochs: Epochs that were done then, with their validation.
        """
        if not self.metrics_file.exists():
            return
        kept = [row for row in self.metrics() if row.step <= step and (row.epoch <= epochs or row.of_step)]
        with (
            replacing(self.metrics_file) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows((r.time, r.epoch, r.step, r.metric, repr(r.value)) for r in kept)
        EventFiles(self.path).replace([(_seconds(r.time), r.step, {r.metric: r.value}) for r in kept])

    def log(self, text: str) -> None:
        """Append a line with the time to the log."""
        with self.log_file.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now().isoformat(sep=' ', timespec='seconds')} {text}\n")

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.path)


def _seconds(time: str) -> float:
    """A time of the metrics file in seconds since 1970."""
    return datetime.fromisoformat(time).timestamp()


def past_runs(parent: Path) -> list[RunFolder]:
    """The run folders under `parent`, newest first."""
    if not parent.is_dir():
        return []
    found = [path for path in parent.iterdir() if (path / CONFIG).is_file()]
    return [RunFolder(path) for path in sorted(found, key=lambda path: path.name, reverse=True)]


def _renamed(path: Path, wanted: Path) -> Path:
    """Rename a folder as wanted, or with a number behind it where there is one of that name."""
    attempt = 1
    while True:
        name = wanted if attempt == 1 else wanted.with_name(f"{wanted.name}_{attempt}")
        if not name.exists():
            try:
                return path.rename(name)
            except FileExistsError:
                pass
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:
                    raise
        attempt += 1

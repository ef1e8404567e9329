"""What ties a Lightning training to a run: reports, control between batches, checkpoints of the run folder."""

import shutil
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from wholefield.files import replacing
from wholefield.runs.control import Control, StopAndKeep
from wholefield.runs.eta import Pace
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import CheckpointSaved, EpochDone, ReportFunction, StepDone

Score = tuple[float, ...]
"""How good an epoch was; the greater tuple wins."""


class Trainee(LightningModule):
    """What a run trains: a Lightning module that can be asked how it is doing.

    Attributes:
        last_loss: training loss of the newest step.
        last_terms: weighted terms of that loss by name; empty where it has one only.
    """

    last_loss: float = float("nan")
    last_terms: Mapping[str, float] = MappingProxyType({})

    @abstractmethod
    def epoch_metrics(self) -> Mapping[str, float]:
        """The values of the epoch that ends, by name; starts counting anew."""

    @abstractmethod
    def score(self, metrics: Mapping[str, float]) -> Score:
        """How good an epoch with these metrics was."""


class RunProgress(Callback):
    """Reports the steps and epochs of a `Trainee`, obeys the control, and keeps last.ckpt and best.ckpt.

    Attributes:
        best: the score of best.ckpt, or None before the first epoch has ended.
    """

    def __init__(
        self,
        folder: RunFolder,
        report: ReportFunction,
        control: Control,
        begin_epoch: Callable[[int], None],
    ) -> None:
        """Set up; `begin_epoch` is told the number of each epoch, counted from 0, before its first item."""
        self._folder = folder
        self._report = report
        self._control = control
        self._begin_epoch = begin_epoch
        self._pace = Pace()
        self.best: Score | None = None

    def poll(self) -> None:
        """Obey the control; the time of a pause is left out of the estimate of the time left.

        Raises:
            StopAndKeep: the run was asked to stop and keep its results.
            Discarded: the run was asked to end without results.
        """
        before = time.monotonic()
        self._control.poll()
        self._pace.idle(time.monotonic() - before)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock; drop metrics that a resumed run is about to measure again."""
        self._pace = Pace(steps_done(trainer))
        if steps_done(trainer):
            self._folder.rewind(steps_done(trainer))

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tell the data which epoch begins."""
        self._begin_epoch(trainer.current_epoch)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Obey the control."""
        self.poll()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Trainee, *_: Any) -> None:
        """Report the step."""
        step, steps = steps_done(trainer), steps_of(trainer)
        epochs = trainer.max_epochs or 0
        left = self._pace.seconds_left(step, steps)
        epoch, loss, terms = trainer.current_epoch + 1, pl_module.last_loss, pl_module.last_terms
        self._report(StepDone(step, steps, epoch, epochs, loss, left, terms))

    def on_validation_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Obey the control."""
        self.poll()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Trainee) -> None:
        """Report the epoch and save it; validation is over by now."""
        metrics = pl_module.epoch_metrics()
        self._report(EpochDone(trainer.current_epoch + 1, metrics, steps_done(trainer)))
        score = pl_module.score(metrics)
        improved = self.best is None or score > self.best
        self.best = score if improved else self.best
        self._save(trainer)
        if improved:
            with replacing(self._folder.best) as temporary:
                shutil.copyfile(self._folder.last, temporary)
            self._report(CheckpointSaved(self._folder.best, best=True))

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Save what was learned when the run is asked to stop and keep it."""
        if isinstance(exception, StopAndKeep):
            _repeat_validation(trainer)
            self._save(trainer)
            if not self._folder.best.exists():
                # Whoever stops within the first epoch still finds a model where models are.
                shutil.copyfile(self._folder.last, self._folder.best)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: the best score."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best score of a resumed run."""
        best = state_dict["best"]
        self.best = None if best is None else tuple(best)

    def _save(self, trainer: Trainer) -> None:
        with replacing(self._folder.last) as temporary:
            trainer.save_checkpoint(temporary)
        self._report(CheckpointSaved(self._folder.last, best=False))


def _repeat_validation(trainer: Trainer) -> None:
    """Make a run that stops after the last batch of an epoch resume with the whole validation of that epoch.

    Lightning tells by these counters, which have no public interface, whether a validation was cut short.
    """
    loop = trainer.fit_loop.epoch_loop
    if loop.batch_progress.current.completed >= trainer.num_training_batches:
        progress = loop.val_loop.batch_progress
        progress.reset()
        progress.total.ready = progress.total.started = 1


def steps_done(trainer: Trainer) -> int:
    """Batches trained so far, over all epochs and all parts of a resumed run."""
    return trainer.fit_loop.epoch_loop.batch_progress.total.processed


def steps_of(trainer: Trainer) -> int:
    """Batches of the whole run."""
    return (trainer.max_epochs or 0) * int(trainer.num_training_batches)

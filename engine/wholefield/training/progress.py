"""What ties a Lightning training to a run: reports, control, checkpoints, early stopping and previews."""

import shutil
import time
from collections.abc import Callable
from typing import Any

from lightning.pytorch import Callback, Trainer

from wholefield.files import replacing_together
from wholefield.runs.control import StopAndKeep
from wholefield.runs.eta import Pace
from wholefield.runs.folder import BEST, LAST, RunFolder
from wholefield.runs.reports import (
    CheckpointSaved,
    EpochDone,
    Level,
    Message,
    PreviewReady,
    ReportFunction,
    StepDone,
)
from wholefield.training.quality import Score
from wholefield.training.settings import TrainingSettings
from wholefield.training.trainee import Diverged, Trainee

Preview = Callable[[int], PreviewReady]
"""Makes the preview after so many epochs."""


class RunProgress(Callback):
    """Reports the steps and epochs of a `Trainee`, obeys the control, and keeps last.ckpt and best.ckpt.

    Attributes:
        best: The score of best.ckpt, or None before the first epoch has ended.

    Args:
        folder: The run folder.
        settings: Patience of early stopping, and time between checkpoints.
        report: Called with every report.
        pace: Estimates the time left and obeys the control.
        begin_epoch: Called with the number of each epoch, counted from 0, before its first batch.
        preview: Makes a preview before the first and after every epoch; None for none.
        clock: Gives seconds; monotonic.
    """

    def __init__(
        self,
        folder: RunFolder,
        settings: TrainingSettings,
        report: ReportFunction,
        pace: Pace,
        begin_epoch: Callable[[int], None],
        preview: Preview | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._settings, self._report, self._pace = folder, settings, report, pace
        self._begin_epoch, self._preview, self._clock = begin_epoch, preview, clock
        self._saved = clock()
        self._waited = 0
        self.best: Score | None = None

    def on_train_start(self, trainer: Trainer, pl_module: Trainee) -> None:
        """Start the clock; drop metrics that a resumed run is about to measure again; show the first preview."""
        self._pace.start(steps_done(trainer))
        self._saved = self._clock()
        self._folder.rewind(steps_done(trainer), trainer.current_epoch)
        # Lightning does not start an epoch again that a resumed run is in the middle of.
        self._begin_epoch(trainer.current_epoch)
        self._stop_where_patience_ends(trainer)
        self._show(trainer.current_epoch, pl_module)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: Trainee) -> None:
        """Tell the data which epoch begins."""
        self._begin_epoch(trainer.current_epoch)

    def on_train_batch_start(self, trainer: Trainer, pl_module: Trainee, *_: Any) -> None:
        """Obey the control, and save where the last checkpoint is too old."""
        minutes = self._settings.checkpoint_minutes
        # Only here, between two batches, do Lightning's counters and the loader agree on what is done.
        if minutes is not None and self._clock() - self._saved >= 60 * minutes:
            self._save(trainer)
        self._pace.poll()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Trainee, *_: Any) -> None:
        """Report the step."""
        step, steps = steps_done(trainer), (trainer.max_epochs or 0) * int(trainer.num_training_batches)
        left = self._pace.seconds_left(step, steps)
        epoch, epochs = trainer.current_epoch + 1, trainer.max_epochs or 0
        self._report(StepDone(step, steps, epoch, epochs, pl_module.last_loss, left, pl_module.last_terms))

    def on_validation_batch_end(self, trainer: Trainer, pl_module: Trainee, *_: Any) -> None:
        """Obey the control."""
        self._pace.poll()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Trainee) -> None:
        """Report the epoch, save it and show it; validation is over by now."""
        epoch, metrics = trainer.current_epoch + 1, pl_module.epoch_metrics()
        self._report(EpochDone(epoch, metrics, steps_done(trainer)))
        score = pl_module.score(metrics)
        improved = self.best is None or score > self.best
        self.best = score if improved else self.best
        self._waited = 0 if improved else self._waited + 1
        pl_module.end_epoch(epoch, metrics, improved=improved)
        self._save(trainer, best=improved)
        self._show(epoch, pl_module)
        self._stop_where_patience_ends(trainer)

    def on_exception(self, trainer: Trainer, pl_module: Trainee, exception: BaseException) -> None:
        """Save what was learned when the run is asked to stop and keep it."""
        if isinstance(exception, StopAndKeep):
            _repeat_validation(trainer)
            if self.best is None:
                text = f"Nothing was validated yet; {self._folder.last.name} holds what was learned so far."
                self._report(Message(Level.INFO, text))
            self._save(trainer)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: the best score, and the epochs since."""
        return {"best": self.best, "waited": self._waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best score of a resumed run."""
        best = state_dict["best"]
        self.best = None if best is None else tuple(best)
        self._waited = state_dict.get("waited", 0)

    def _stop_where_patience_ends(self, trainer: Trainer) -> None:
        patience = self._settings.early_stopping_patience
        trainer.should_stop = patience is not None and self._waited >= patience

    def _show(self, epoch: int, trainee: Trainee) -> None:
        if self._preview is not None:
            training = trainee.training
            trainee.eval()
            self._report(self._preview(epoch))
            trainee.train(training)

    def _save(self, trainer: Trainer, *, best: bool = False) -> None:
        """Save last.ckpt, which knows the score of best.ckpt; where that is the same, both become visible together."""
        trainee = trainer.lightning_module
        if isinstance(trainee, Trainee) and not trainee.has_finite_weights():
            # The last checkpoint with finite weights must not be replaced.
            raise Diverged("A weight of the network is not a finite number")
        # The best one comes first: a run that is never resumed after a kill between the two has it all the same.
        with replacing_together(self._folder.path, BEST, LAST) as (best_file, last_file):
            trainer.save_checkpoint(last_file)
            if best:
                shutil.copyfile(last_file, best_file)
        self._saved = self._clock()
        self._report(CheckpointSaved(self._folder.last, best=False))
        if best:
            self._report(CheckpointSaved(self._folder.best, best=True))


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

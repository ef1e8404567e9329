"""A training of a mixed-scale dense network as a run: reports, control, checkpoints, previews, going on."""

import math
import shutil
import time

import torch

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.networks.msd.checkpoints import read_checkpoint
from wholefield.networks.msd.enums import Schedule
from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control, StopAndKeep
from wholefield.runs.eta import Pace
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    CheckpointSaved,
    EpochDone,
    ReportFunction,
    StepDone,
)
from wholefield.tasks.stacks.preview import Preview
from wholefield.tasks.stacks.settings import StackTrainingSettings
from wholefield.tasks.stacks.spec import StackSpec, read_spec
from wholefield.training.checkpoints import SPEC
from wholefield.training.crops import Augmentation
from wholefield.training.devices import resolve
from wholefield.training.fit import Epoch, FitSettings, Progress, fit
from wholefield.training.pairs import Pairs

PROGRESS = "progress"


def fit_settings(config: StackTrainingSettings) -> FitSettings:
    """How a run trains, in the words of the engine."""
    return FitSettings(
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        schedule=Schedule(config.schedule.value),
        patience=config.early_stopping_patience,
        augmentation=Augmentation(config.crop, config.augmentation.flips, config.augmentation.rotations),
        repeats=config.repeats,
        seed=config.seed,
    )


class Session:
    """One training, from its last checkpoint where there is one.

    Attributes:
        model: the network.
        spec: what its checkpoints say beside it.
        settings: how it trains.
        progress: how far it has come.
    """

    def __init__(
        self,
        model: MSDNetwork,
        spec: StackSpec,
        config: StackTrainingSettings,
        folder: RunFolder,
        report: ReportFunction,
        control: Control,
    ) -> None:
        """Set up, take up the last checkpoint of the folder, and move the network to its device.

        Raises:
            SettingError: the device is not there.
            CheckpointError: the last checkpoint is of another network.
        """
        self.model, self.spec, self.settings = model, spec, fit_settings(config)
        self.progress = Progress()
        self._folder, self._report, self._control = folder, report, control
        self._pace = Pace()
        model.strip = config.strip
        model.to(resolve(config.device))
        self._optimizer = torch.optim.Adam(model.msd.parameters())
        if folder.last.exists():
            self.progress = take_up(model, self._optimizer, spec, folder)

    @property
    def continued(self) -> bool:
        """Whether an earlier part of the training is continued."""
        return self._folder.last.exists()

    def train(self, training: Pairs, validation: Pairs, preview: Preview) -> None:
        """Train to the end; the best network is in best.ckpt and in the model.

        Raises:
            StopAndKeep: the control asked for it; last.ckpt and best.ckpt are written.
            Discarded: the control asked for it.
        """
        steps = self.settings.steps(len(training))
        self._start_clock(steps)
        self._report(preview(self.progress.epoch))

        def on_step(step: int, loss: float) -> None:
            total = steps * self.settings.epochs
            left = self._pace.seconds_left(step, total)
            epoch = (step - 1) // steps + 1
            self._report(StepDone(step, total, epoch, self.settings.epochs, loss, left))

        def on_epoch(epoch: Epoch) -> None:
            self._report(EpochDone(epoch.number, metrics_of(epoch), epoch.number * steps))
            self._save(steps, best=epoch.best)
            self._report(preview(epoch.number))

        try:
            fit(
                self.model, training, validation, self.settings,
                on_epoch, on_step, self.poll, self.progress, self._optimizer,
            )  # fmt: skip
        except StopAndKeep:
            self._save(steps, best=not self._folder.best.exists())
            raise

    def poll(self) -> None:
        """Obey the control; the time of a pause is left out of the estimate of the time left."""
        before = time.monotonic()
        self._control.poll()
        self._pace.idle(time.monotonic() - before)

    def _start_clock(self, steps: int) -> None:
        done = steps * self.progress.epoch + len(self.progress.losses)
        self._pace = Pace(done)
        if done:
            # What came after the checkpoint is about to be measured again.
            self._folder.rewind(done)

    def _save(self, steps: int, *, best: bool) -> None:
        """Write last.ckpt, and best.ckpt as well where asked."""
        progress = self.progress
        done = steps * progress.epoch + len(progress.losses)
        kept = {"losses": progress.losses, "lowest": progress.lowest, "since": progress.since}
        extra = {SPEC: self.spec.to_plain(), PROGRESS: kept, "global_step": done}
        self.model.save(self._folder.last, progress.epoch, self._optimizer, extra)
        self._report(CheckpointSaved(self._folder.last, best=False))
        if best:
            # Whoever stops within the first epoch still finds a model where models are.
            with replacing(self._folder.best) as temporary:
                shutil.copyfile(self._folder.last, temporary)
            self._report(CheckpointSaved(self._folder.best, best=True))


def take_up(
    model: MSDNetwork, optimizer: torch.optim.Optimizer, spec: StackSpec, folder: RunFolder
) -> Progress:
    """Load the last checkpoint of a run into a network and its optimizer; how far the training had come.

    Raises:
        CheckpointError: it is of another network.
        SettingError: it was trained on other labels or other neighbouring slices.
    """
    epoch = model.load(folder.last, optimizer)
    extra = read_checkpoint(folder.last).extra
    earlier = read_spec(extra, folder.last)
    for name in ("task", "labels", "slab"):
        if getattr(earlier, name) != getattr(spec, name):
            raise SettingError(
                f"The run in {folder.path} was started with another {name} ({getattr(earlier, name)}); "
                "start a new run instead of continuing it."
            )
    kept = extra[PROGRESS]
    # Infinite until the first epoch has ended: best.ckpt may then hold what an unfinished one had learned.
    best = read_checkpoint(folder.best).state if math.isfinite(kept["lowest"]) else None
    return Progress(epoch, kept["losses"], kept["lowest"], kept["since"], best)


def metrics_of(epoch: Epoch) -> dict[str, float]:
    """The values of an epoch by the names that runs use."""
    values = {"training_loss": epoch.training_loss}
    if epoch.validation_loss is not None:
        values["validation_loss"] = epoch.validation_loss
    values |= {f"validation_{name}": value for name, value in epoch.metrics.items()}
    return values | {"learning_rate": epoch.learning_rate}

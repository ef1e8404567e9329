"""What all trainings on slides do alike: measure a fresh network, tie it to the run, and fit it."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from wholefield.errors import SettingError
from wholefield.networks.normalization import calibrate_normalization
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Direction, Level, Message, ReportFunction, TileDone
from wholefield.sources import open_image
from wholefield.sources.rect import Rect
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.streaming import TileVisit
from wholefield.tasks.slides.settings import SlideTrainingSettings
from wholefield.tasks.slides.slide_input import labelled_area, random_square
from wholefield.tasks.slides.streamed_model import Spec, StreamedModel
from wholefield.training.checkpoints import SPEC
from wholefield.training.progress import RunProgress, Trainee
from wholefield.training.schedule import learning_rate_factor
from wholefield.training.trainer import quiet_trainer
from wholefield.training.visits import Visits

Model = TypeVar("Model", bound=StreamedModel)

LOSSES = "training_losses"
CALIBRATION_SLIDES = 8
CALIBRATION_SIDE = 512
# A single odd slide must not throw the network off.
GRADIENT_NORM = 1.0


class SlideTrainee(Trainee, Generic[Model]):
    """A streamed model that is trained on slides, one a step.

    Attributes:
        network: the network; registered, so that it is saved and moved.
        view: the part of a slide that it sees right now.
        training_losses: the losses of the epoch so far.
    """

    def __init__(self, model: Model, spec: Spec, learning_rate: float, updates: int) -> None:
        """Set up the training of `model` for a run of `updates` steps of the optimiser."""
        super().__init__()
        # Not from Lightning: asking it here would set the data up before a resumed run restores its place.
        self._updates = updates
        self._spec = spec
        self._learning_rate = learning_rate
        self.model = model
        self.network = model.network
        self.view: SlideImage | None = None
        self.training_losses: list[float] = []

    @abstractmethod
    def loss(self, item: Any) -> Tensor:
        """The loss of an item; sets `view`."""

    def configure_optimizers(self) -> Any:
        """AdamW with its customary settings; the learning rate rises shortly, then falls to the end."""
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=self._learning_rate)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: learning_rate_factor(step, self._updates)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def train(self, mode: bool = True) -> Self:
        """Switch to training or evaluation; the statistics of batch normalisation stay frozen."""
        super().train(mode)
        self.model.train(mode)
        return self

    def training_step(self, item: Any, index: int) -> Tensor:
        """The loss of one slide."""
        loss = self.loss(item)
        self.last_loss = float(loss.detach())
        self.training_losses.append(self.last_loss)
        return loss

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what prediction needs to know, and the losses of an unfinished epoch."""
        checkpoint[SPEC] = self._spec.to_plain()
        checkpoint[LOSSES] = list(self.training_losses)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the losses of an unfinished epoch."""
        self.training_losses = checkpoint[LOSSES]

    def take_training_loss(self) -> dict[str, float]:
        """The mean training loss of the epoch, if it had any step; starts the next one."""
        losses, self.training_losses = self.training_losses, []
        return {"training_loss": sum(losses) / len(losses)} if losses else {}


def demand_same(found: object, wanted: object, names: Sequence[str], folder: RunFolder) -> None:
    """Refuse to continue a run with another model, other classes or another level.

    Raises:
        SettingError: one of the named values differs.
    """
    for name in names:
        if getattr(found, name) != getattr(wanted, name):
            raise SettingError(
                f"The run in {folder.path} was started with another {name} ({getattr(found, name)}); "
                "start a new run instead of continuing it."
            )


def updates_of(config: SlideTrainingSettings, training: Visits[Any]) -> int:
    """Steps of the optimiser in the whole run."""
    return -(-len(training) // config.gradient_accumulation) * config.epochs


class Row(Protocol):
    """A row of a table of slides."""

    @property
    def path(self) -> Path:
        """The slide."""

    @property
    def region(self) -> Rect[int] | None:
        """The part of it to use."""


def calibration_squares(rows: Sequence[Row], config: SlideTrainingSettings, spec: Spec) -> Iterator[Tensor]:
    """One square (1, C, h, w) each of a few slides.

    Raises:
        WholefieldError: a slide cannot be read or does not fit.
    """
    random = np.random.default_rng(config.seed)
    for index in random.permutation(len(rows))[:CALIBRATION_SLIDES]:
        with open_image(rows[index].path) as source:
            area = labelled_area(source, rows[index].region, config.level)
            square = random_square(area, CALIBRATION_SIDE, random)
            image = SlideImage(source, config.level, area=square, mean=spec.pixels.mean, std=spec.pixels.std)
            yield image.read(((0, square.height), (0, square.width)))


def calibrate(network: nn.Module, squares: Iterable[Tensor], report: ReportFunction) -> None:
    """Measure the normalisation of a fresh network on squares of training slides."""
    used = calibrate_normalization(network, squares)
    if used:
        text = f"Measured the normalisation of the fresh network on {used} training slides."
        report(Message(Level.INFO, text))


def fit(
    module: SlideTrainee[Any],
    training: Visits[Any],
    validation: Visits[Any],
    config: SlideTrainingSettings,
    folder: RunFolder,
    report: ReportFunction,
    control: Control,
) -> None:
    """Train to the end; goes on from last.ckpt where the folder has one.

    Raises:
        StopAndKeep: the control asked for it; last.ckpt and best.ckpt are written.
        Discarded: the control asked for it.
    """
    progress = RunProgress(folder, report, control, training.begin)
    module.model.pooled.halo_budget = config.halo_memory * 2**20
    module.model.watch(tile_reporter(lambda: module.view, progress.poll, report))
    trainer = quiet_trainer(
        epochs=config.epochs,
        precision=config.precision,
        device=config.device,
        folder=folder.path,
        callback=progress,
        accumulate_grad_batches=config.gradient_accumulation,
        gradient_clip_val=GRADIENT_NORM,
    )
    resume = folder.last if folder.last.exists() else None
    trainer.fit(module, training, validation, ckpt_path=resume, weights_only=True)


def tile_reporter(
    view: Callable[[], SlideImage | None], poll: Callable[[], None], report: ReportFunction
) -> Callable[[TileVisit], None]:
    """What a streamed network calls before each tile: obeys the control, then reports the tile on its slide."""

    def on_tile(visit: TileVisit) -> None:
        poll()
        if (seen := view()) is not None:
            sweep = Direction(visit.sweep.value)
            report(TileDone(sweep, visit.index, visit.counts, seen.box(visit.box), seen.slide))

    return on_tile

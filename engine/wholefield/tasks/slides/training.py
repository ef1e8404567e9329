"""What all trainings on slides do alike: measure a fresh network, tie it to the run, and fit it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from wholefield.networks.normalization import calibrate_normalization
from wholefield.runs.reports import Direction, Level, Message, ReportFunction, TileDone
from wholefield.sources import open_image
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.streaming import TileVisit
from wholefield.tasks.slides.data.slide_input import labeled_area, random_square
from wholefield.tasks.slides.labels.splitting import Row
from wholefield.tasks.slides.models.streamed_model import StreamedModel
from wholefield.tasks.slides.settings import SlideTrainingSettings
from wholefield.training.model_card import TRAINING, VALIDATION, DataFile, ModelCard, data_files
from wholefield.training.quality import Quality
from wholefield.training.trainee import Trainee

Model = TypeVar("Model", bound=StreamedModel)

CALIBRATION_SLIDES = 8
CALIBRATION_SIDE = 512


class SlideTrainee(Trainee, Generic[Model]):
    """A streamed model that is trained on slides, a few per step.

    Attributes:
        model: The model.
        view: The part of a slide that it sees right now.
    """

    def __init__(
        self, model: Model, card: ModelCard, settings: SlideTrainingSettings, quality: Quality
    ) -> None:
        """Set up the training of `model`."""
        super().__init__(model.network, card, settings, quality)
        self.model = model
        self.view: SlideImage | None = None
        model.pooled.halo_budget = settings.halo_memory * 2**20
        model.compute_with(settings.workers, settings.exact_kernels)

    def item_loss(self, item: Any) -> tuple[Tensor, Mapping[str, float]]:
        """The loss of an item and the figures of its quality; sets `view`."""
        raise NotImplementedError

    def loss(self, batch: Sequence[Any]) -> Tensor:
        """The mean loss of the items, each of its own size: normalization is frozen, so that none sees the others."""
        losses = []
        for item in batch:
            loss, _ = self.item_loss(item)
            if loss.requires_grad:
                # The reverse sweep over this item's tiles comes after those of all later items.
                loss.register_hook(partial(self._look_at, self.view))
            losses.append(loss)
        return torch.stack(losses).mean()

    def judge(self, batch: Sequence[Any]) -> Mapping[str, float]:
        """The loss and the figures of one item."""
        (item,) = batch
        loss, figures = self.item_loss(item)
        return {"loss": float(loss), **figures}

    def attach(self, poll: Callable[[], None], report: ReportFunction) -> None:
        """Obey the control before every tile, and report it."""
        self.model.watch(tile_reporter(self._seen, poll, report), poll)

    def train(self, mode: bool = True) -> Self:
        """Switch to training or evaluation; the statistics of batch normalization stay frozen."""
        super().train(mode)
        self.model.train(mode)
        return self

    def _seen(self) -> SlideImage | None:
        return self.view

    def _look_at(self, view: SlideImage | None, gradient: Tensor) -> None:
        self.view = view


def split_files(training: Iterable[Row], validation: Iterable[Row]) -> tuple[DataFile, ...]:
    """What the slides of a split are called in a card."""
    return (
        *data_files((row.path for row in training), TRAINING),
        *data_files((row.path for row in validation), VALIDATION),
    )


def notes_on_not_finite(pixels: int) -> tuple[str, ...]:
    """What to say of pixels that are not numbers, in a sentence or none."""
    if not pixels:
        return ()
    text = f"{pixels:,} pixels of the slides are not numbers; the network is given the mean in their place"
    return (f"{text}, and they count for nothing in loss and figures of a segmentation.",)


def calibrate(
    network: nn.Module,
    rows: Sequence[Row],
    settings: SlideTrainingSettings,
    card: ModelCard,
    report: ReportFunction,
) -> None:
    """Measure the normalization of a fresh network on squares of a few training slides.

    Raises:
        WholefieldError: A slide cannot be read or does not fit.
    """
    used = calibrate_normalization(network, _squares(rows, settings, card))
    if used:
        text = f"Measured the normalization of the new network on {used} training slides."
        report(Message(Level.INFO, text))


def _squares(rows: Sequence[Row], settings: SlideTrainingSettings, card: ModelCard) -> Iterator[Tensor]:
    """One square (1, C, h, w) each."""
    random = np.random.default_rng(settings.seed)
    for index in random.permutation(len(rows))[:CALIBRATION_SLIDES]:
        with open_image(rows[index].path) as source:
            area = labeled_area(source, rows[index].region, settings.level)
            square = random_square(area, CALIBRATION_SIDE, random)
            image = SlideImage(source, settings.level, area=square, mean=card.input.mean, std=card.input.std)
            yield image.read(((0, square.height), (0, square.width)))


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

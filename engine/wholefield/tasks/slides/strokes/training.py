"""The task segment-strokes: train a streamed U-Net on strokes, and show what it makes of the slide meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from wholefield.networks.normalization import calibrate_normalization, freeze_normalization
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started, StrokesJudged
from wholefield.sources import ImageSource, open_image
from wholefield.sources.slides.pixels import unit_floats
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.tasks.slides.data.masks import IGNORED
from wholefield.tasks.slides.data.slide_input import labeled_area
from wholefield.tasks.slides.models.segmenter import build_segmenter
from wholefield.tasks.slides.strokes.crops import Crop, CropLoader
from wholefield.tasks.slides.strokes.judging import judge
from wholefield.tasks.slides.strokes.live_map import LiveMap
from wholefield.tasks.slides.strokes.regions import RegionPredictor
from wholefield.tasks.slides.strokes.requests import ViewRequests
from wholefield.tasks.slides.strokes.settings import StrokesSettings
from wholefield.tasks.slides.strokes.strokes import Strokes
from wholefield.training.checkpoints import continues
from wholefield.training.loop import fit
from wholefield.training.model_card import (
    TRAINING,
    VALIDATION,
    ClassCard,
    DataFile,
    InputCard,
    ModelCard,
    data_files,
    versions,
)
from wholefield.training.quality import DICE
from wholefield.training.trainee import Trainee

SPLIT = "strokes.json"
# Squares over the slide whose pixels give mean and deviation.
SQUARES, SIDE = 5, 256
CALIBRATION_BATCHES = 4


def train_on_strokes(
    settings: StrokesSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; continues from last.ckpt if the folder has one.

    Raises:
        WholefieldError: Slide, strokes, weights or settings cannot work.
        StopAndKeep: The control asked for it; last.ckpt is written.
        Discarded: The control asked for it.
    """
    with open_image(settings.slide) as source:
        kept = folder.path / SPLIT if folder.last.exists() else None
        share = settings.validation_fraction
        strokes = Strokes(settings.strokes, (source.width, source.height), share, kept)
        card = _card(settings, source, strokes)
        continued = continues(folder, card)
        torch.manual_seed(settings.seed)
        image = SlideImage(source, settings.level, mean=card.input.mean, std=card.input.std)
        network = freeze_normalization(build_segmenter(card, settings.initial_weights))
        loader = CropLoader(image, strokes, settings)
        steps = len(loader) * settings.epochs
        report(Started(settings.task, folder.path, steps, settings.epochs, card.names))
        if settings.initial_weights is None and not continued:
            calibrate_normalization(network, _some_crops(loader))
        trainee = StrokesTrainee(RegionPredictor(network, image), strokes, card, settings, folder)
        fit(trainee, loader, None, settings, folder, report, control)


class StrokesTrainee(Trainee):
    """A U-Net that is trained on crops around strokes; judges the strokes that are held out, and draws the map."""

    def __init__(
        self,
        predictor: RegionPredictor,
        strokes: Strokes,
        card: ModelCard,
        settings: StrokesSettings,
        folder: RunFolder,
    ) -> None:
        super().__init__(predictor.network, card, settings, DICE)
        self._predictor, self._strokes, self._settings, self._folder = predictor, strokes, settings, folder
        self._poll: Callable[[], None] = _no_poll
        self._report: ReportFunction | None = None
        self._map: LiveMap | None = None
        self._notes: tuple[str, ...] = ()

    def attach(self, poll: Callable[[], None], report: ReportFunction) -> None:
        """Obey the control between held-out strokes, and report the map."""
        self._poll, self._report = poll, report
        self._map = LiveMap(self._predictor, ViewRequests(self._folder), report, poll)
        self._tell_of_strokes()

    def loss(self, batch: Crop) -> Tensor:
        """The cross entropy, the mean over the classes of the mean over their pixels."""
        pixels, wanted = batch
        logits = self.network(pixels)
        return balanced_cross_entropy(logits.to(torch.promote_types(logits.dtype, torch.float32)), wanted)

    def on_train_batch_end(self, outputs: object, batch: object, index: int) -> None:
        """Take up new strokes, and go on with the map."""
        super().on_train_batch_end(outputs, batch, index)
        if self._strokes.refresh():
            self._tell_of_strokes()
        if self._map is not None:
            self._map.work(self.trainer.global_step)

    def epoch_metrics(self) -> dict[str, float]:
        """Judges the held-out strokes, beside what all trainings measure."""
        judgment = judge(self._predictor, self._strokes, self._poll)
        if self._report is not None:
            held_out, training = len(self._strokes.held_out), len(self._strokes.training)
            self._report(
                StrokesJudged(
                    self.trainer.current_epoch + 1, self.card.names, judgment.table.numpy(), judgment.places,
                    judgment.judged, held_out, training,
                )
            )  # fmt: skip
        return super().epoch_metrics() | judgment.metrics

    def train(self, mode: bool = True) -> StrokesTrainee:
        """Switch to training or evaluation; the statistics of batch normalization stay frozen."""
        super().train(mode)
        freeze_normalization(self.network)
        return self

    def _tell_of_strokes(self) -> None:
        """Keep what is held out, and say what is wrong with the strokes, once."""
        strokes = self._strokes
        strokes.split.save(self._folder.path / SPLIT)
        self.card = replace(self.card, data=_data(self._settings, strokes))
        new = [note for note in strokes.notes if note not in self._notes]
        self._notes = strokes.notes
        if self._report is not None:
            text = (
                f"{len(strokes.training)} strokes train, {len(strokes.held_out)} are held out for validation."
            )
            self._report(Message(Level.INFO, text))
            for note in new:
                self._report(Message(Level.WARNING, note))


def balanced_cross_entropy(logits: Tensor, wanted: Tensor) -> Tensor:
    """The mean over the classes that occur of their mean cross entropy; 0, with a gradient of 0, where none does.

    Args:
        logits: (B, classes, h, w).
        wanted: Class indices (B, h, w) int64, `IGNORED` where nothing counts.

    Example:
        >>> import torch
        >>> from wholefield.tasks.slides.strokes.training import balanced_cross_entropy
        >>> balanced_cross_entropy(torch.zeros(1, 2, 1, 3), torch.tensor([[[0, 1, -100]]]))
        tensor(0.6931)
    """
    classes = logits.shape[1]
    counts = torch.bincount(wanted[wanted != IGNORED], minlength=classes)
    weights = torch.where(counts > 0, 1 / counts.clamp(min=1).to(logits), 0.0)
    total = functional.cross_entropy(logits, wanted, weights, ignore_index=IGNORED, reduction="sum")
    return total / (counts > 0).sum().clamp(min=1)


def _card(settings: StrokesSettings, source: ImageSource, strokes: Strokes) -> ModelCard:
    labeled_area(source, None, settings.level)  # refuses a level that the slide does not have
    mean, std = _moments(source, settings.level)
    downsample = source.levels[settings.level].downsample
    spacing = source.spacing and (source.spacing[0] * downsample, source.spacing[1] * downsample)
    classes = (ClassCard(each.name, each.color, index) for index, each in enumerate(strokes.classes, 1))
    return ModelCard(
        settings.task,
        "unet",
        {"width": settings.width, "depth": settings.depth},
        tuple(classes),
        InputCard(source.channels, settings.level, spacing, "um", mean, std),
        _data(settings, strokes),
        versions=versions(),
    )


def _data(settings: StrokesSettings, strokes: Strokes) -> tuple[DataFile, ...]:
    parts = ((TRAINING, strokes.training), (VALIDATION, strokes.held_out))
    return tuple(
        file
        for use, some in parts
        if some
        for file in data_files([settings.slide], use, f"{len(some)} strokes")
    )


def _moments(source: ImageSource, level: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of every channel on the scale 0..1, of squares all over the slide; pixels that are no numbers
    are left out. The deviation of a constant channel is 1.
    """
    size = source.levels[level]
    width, height = min(SIDE, size.width), min(SIDE, size.height)
    rows = np.unique(np.linspace(0, size.height - height, SQUARES).astype(int))
    columns = np.unique(np.linspace(0, size.width - width, SQUARES).astype(int))
    count, total, squares = 0, np.zeros(source.channels), np.zeros(source.channels)
    for top in rows.tolist():
        for left in columns.tolist():
            pixels = unit_floats(source.read_region(level, left, top, width, height))
            values = pixels.reshape(-1, source.channels).astype(np.float64)
            values = values[np.isfinite(values).all(1)]
            count += len(values)
            total += values.sum(0)
            squares += (values**2).sum(0)
    mean = total / max(count, 1)
    std = np.sqrt(np.maximum(squares / max(count, 1) - mean**2, 0))
    std[std == 0] = 1
    return tuple(mean.tolist()), tuple(std.tolist())


def _some_crops(loader: CropLoader) -> list[Tensor]:
    batches = zip(range(CALIBRATION_BATCHES), loader, strict=False)
    found = [pixels for _, (pixels, _) in batches]
    loader.load_state_dict({"epoch": 0, "done": 0})
    return found


def _no_poll() -> None:
    """Nothing steers the run yet."""

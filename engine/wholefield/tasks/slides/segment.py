"""The task segment: train a streamed U-Net to name the class of every pixel."""

from collections.abc import Mapping

import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources.slides.slide_image import Pixels
from wholefield.tasks.slides.data.labels import ONE_SLIDE
from wholefield.tasks.slides.data.mask_data import MaskItem, MaskLoader, Survey, survey
from wholefield.tasks.slides.data.masks import Labels, read_masks, split_rows
from wholefield.tasks.slides.models.segmenter import StreamedSegmenter, build_segmenter
from wholefield.tasks.slides.settings import SegmentSettings
from wholefield.tasks.slides.training import SlideTrainee, calibrate, split_files
from wholefield.training.checkpoints import continues
from wholefield.training.loop import fit
from wholefield.training.model_card import ClassCard, DataFile, InputCard, ModelCard, versions
from wholefield.training.quality import DICE


def train_segmenter(
    settings: SegmentSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; continues from last.ckpt if the folder has one.

    Raises:
        WholefieldError: Table, slides, masks, weights or settings cannot work.
        StopAndKeep: The control asked for it; last.ckpt is written.
        Discarded: The control asked for it.
    """
    rows = read_masks(settings.masks, settings.slides)
    parts = split_rows([row.path for row in rows], settings.validation_fraction, settings.seed)
    labels = Labels(settings.binarize_labels, settings.ignore_label)
    training_rows, validation_rows = ([rows[i] for i in part] for part in (parts.training, parts.validation))
    found = survey(rows, settings.level, labels)
    card = _card(settings, found, split_files(training_rows, validation_rows))
    continued = continues(folder, card)
    torch.manual_seed(settings.seed)
    pixels = Pixels(card.input.mean, card.input.std)
    training = MaskLoader(training_rows, settings.level, pixels, labels, **settings.loading)
    validation = MaskLoader(validation_rows, settings.level, pixels, labels)
    # Classes that are named beyond those found do not occur.
    counts = (*found.counts, *(0,) * (len(card.classes) - len(found.counts)))
    weights = settings.class_weighting.weights(counts)
    segmenter = StreamedSegmenter(
        build_segmenter(card, settings.initial_weights), settings.tile_size, weights
    )
    report(Started(settings.task, folder.path, len(training) * settings.epochs, settings.epochs, card.names))
    report(Message(Level.INFO, _shares(found, card)))
    if len({row.path for row in rows}) == 1:
        report(Message(Level.WARNING, ONE_SLIDE))
    if settings.initial_weights is None and not continued:
        calibrate(segmenter.network, training_rows, settings, card, report)
    module = SlideSegmentation(segmenter, card, settings, DICE)
    fit(module, training, validation, settings, folder, report, control)


class SlideSegmentation(SlideTrainee[StreamedSegmenter]):
    """Trains a streamed segmenter with the cross entropy of every pixel that counts."""

    _confusion: Tensor

    def item_loss(self, item: MaskItem) -> tuple[Tensor, Mapping[str, float]]:
        """The weighted mean cross entropy over the pixels that count; adds to the table of the validation."""
        self.view = item.image.image
        total, table = self.model.judge(item.image.on(self.model.like))
        if not self.training:
            self._confusion += table.cpu()
        return total / table.sum().clamp(min=1), {}

    def on_validation_epoch_start(self) -> None:
        """Count from nothing."""
        super().on_validation_epoch_start()
        classes = len(self.card.classes)
        self._confusion = torch.zeros(classes, classes, dtype=torch.int64)

    def epoch_metrics(self) -> dict[str, float]:
        """Mean losses, share of right pixels and mean Dice of the classes but the first."""
        correct, total = self._confusion.diagonal().sum(), self._confusion.sum()
        figures = {
            "validation_accuracy": float(correct / total.clamp(min=1)),
            "validation_dice": mean_dice(self._confusion),
        }
        return super().epoch_metrics() | figures


def mean_dice(table: Tensor) -> float:
    """Mean over the classes but the first of 2 |A and B| / (|A| + |B|); classes that do not occur are left out.

    1 where none of them occurs and none is found. From the table that a streamed network adds up tile by tile.
    """
    overlap = table.diagonal()[1:].double()
    sizes = (table.sum(0) + table.sum(1))[1:].double()
    occurs = sizes > 0
    return float((2 * overlap[occurs] / sizes[occurs]).mean()) if occurs.any() else 1.0


def _card(settings: SegmentSettings, found: Survey, data: tuple[DataFile, ...]) -> ModelCard:
    names = class_names(settings, len(found.counts))
    return ModelCard(
        settings.task,
        "unet",
        {"width": settings.width, "depth": settings.depth},
        tuple(map(ClassCard, names)),
        InputCard(len(found.mean), settings.level, found.spacing, "um", found.mean, found.std),
        data,
        versions=versions(),
    )


def class_names(settings: SegmentSettings, found: int) -> tuple[str, ...]:
    """What the classes are called where the masks hold `found` of them.

    Raises:
        SettingError: Fewer names are given.
    """
    given = tuple(name.strip() for name in settings.names.split(",") if name.strip())
    if given and len(given) < found:
        raise SettingError(
            f"The setting names has {len(given)} names, but the masks hold {found} classes; name all, or none."
        )
    if given:
        return given
    return ("background", "foreground") if settings.binarize_labels else tuple(map(str, range(found)))


def _shares(found: Survey, card: ModelCard) -> str:
    total = sum(found.counts)
    # Classes that are named beyond those found have no share.
    shares = (f"{name} {count / total:.1%}" for name, count in zip(card.names, found.counts, strict=False))
    return f"Shares of the classes: {', '.join(shares)}."

"""The task segment: train a streamed U-Net to name the class of every pixel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources.slides.slide_image import Pixels
from wholefield.tasks.slides.data.mask_data import MaskItem, MaskLoader, Survey, survey
from wholefield.tasks.slides.labels import read_masks, split_rows
from wholefield.tasks.slides.labels.shape_masks import UNLABELED
from wholefield.tasks.slides.labels.splitting import kept_of, notes_on_split
from wholefield.tasks.slides.models.segmenter import StreamedSegmenter, build_segmenter
from wholefield.tasks.slides.settings import SegmentSettings
from wholefield.tasks.slides.training import SlideTrainee, calibrate, notes_on_not_finite, split_files
from wholefield.training.checkpoints import continues, earlier_split
from wholefield.training.kept_split import keep_split
from wholefield.training.label_values import LabelSet, label_set, notes_on_labels
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
    table = read_masks(settings.masks, settings.slides)
    rows, kept = table.rows, earlier_split(folder)
    parts = split_rows(rows, settings.validation_fraction, settings.seed, kept)
    training_rows, validation_rows = ([rows[i] for i in part] for part in (parts.training, parts.validation))
    counter = PartCounter("Counting labels", len(rows), report, control)
    options = settings.label_options
    if table.classes:
        options = replace(options, ignored=options.ignored | {UNLABELED})
    found = survey(rows, settings.level, options, lambda done, _: counter.done(done))
    labels = label_set(found.counts)
    drawn = tuple(table.classes[value - 1] for value in labels.values) if table.classes else ()
    card = _card(settings, found, labels, split_files(training_rows, validation_rows), drawn)
    continued = continues(folder, card)
    torch.manual_seed(settings.seed)
    pixels = Pixels(card.input.mean, card.input.std)
    training = MaskLoader(training_rows, settings.level, pixels, labels, **settings.loading)
    validation = MaskLoader(validation_rows, settings.level, pixels, labels)
    # Classes that are named beyond those found do not occur.
    counts = [found.counts.counts.get(value, 0) for value in labels.values]
    counts += [0] * (len(card.classes) - len(counts))
    weights = settings.class_weighting.weights(counts)
    segmenter = StreamedSegmenter(
        build_segmenter(card, settings.initial_weights), settings.tile_size, weights
    )
    report(Started(settings.task, folder.path, len(training) * settings.epochs, settings.epochs, card.names))
    keep_split(folder, kept_of(rows, parts))
    report(Message(Level.INFO, _shares(counts, card)))
    for message in notes_on_labels(labels, found.counts):
        report(message)
    notes = (*table.notes, *notes_on_split(rows, parts, kept), *notes_on_not_finite(found.not_finite))
    for text in notes:
        report(Message(Level.WARNING, text))
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


def _card(
    settings: SegmentSettings,
    found: Survey,
    labels: LabelSet,
    data: tuple[DataFile, ...],
    drawn: tuple[str, ...],
) -> ModelCard:
    names = class_names(settings, labels.values, drawn)
    values = [*labels.values, *[None] * (len(names) - len(labels.values))]
    return ModelCard(
        settings.task,
        "unet",
        {"width": settings.width, "depth": settings.depth},
        tuple(ClassCard(name, value=value) for name, value in zip(names, values, strict=True)),
        InputCard(len(found.mean), settings.level, found.spacing, "um", found.mean, found.std),
        data,
        versions=versions(),
    )


def class_names(
    settings: SegmentSettings, values: Sequence[int], drawn: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """What the classes of these label values are called: by the settings, or else as they were drawn.

    Raises:
        SettingError: Fewer names are given.
    """
    given = tuple(name.strip() for name in settings.names.split(",") if name.strip())
    if given and len(given) < len(values):
        raise SettingError(
            f"The setting names has {len(given)} names, but the masks hold {len(values)} classes; name all, or none."
        )
    if given:
        return given
    if settings.binarize_labels:
        return "background", "foreground"
    return drawn or tuple(map(str, values))


def _shares(counts: Sequence[int], card: ModelCard) -> str:
    total = max(sum(counts), 1)
    shares = (f"{name} {count / total:.1%}" for name, count in zip(card.names, counts, strict=True))
    return f"Shares of the classes: {', '.join(shares)}."

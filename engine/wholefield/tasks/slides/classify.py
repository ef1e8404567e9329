"""The task classify: train a streamed network to name the class of a slide."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.classification import multiclass_accuracy

from wholefield.networks.registry import find_model
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources import open_image
from wholefield.sources.slides.slide_image import Pixels
from wholefield.tasks.slides.data.slide_input import count_not_finite, labeled_area
from wholefield.tasks.slides.data.slides_data import Item, SlideLoader
from wholefield.tasks.slides.labels import LabeledSlide, LabelTable, read_labels, split
from wholefield.tasks.slides.labels.splitting import kept_of, notes_on_split
from wholefield.tasks.slides.models.classifier import StreamedClassifier, build_network
from wholefield.tasks.slides.settings import ClassifySettings
from wholefield.tasks.slides.training import SlideTrainee, calibrate, notes_on_not_finite, split_files
from wholefield.training.checkpoints import continues, earlier_split
from wholefield.training.kept_split import keep_split
from wholefield.training.loop import fit
from wholefield.training.model_card import ClassCard, DataFile, InputCard, ModelCard, versions
from wholefield.training.quality import ACCURACY


def train_classifier(
    settings: ClassifySettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; continues from last.ckpt if the folder has one.

    Raises:
        WholefieldError: Labels, slides, weights or settings cannot work.
        StopAndKeep: The control asked for it; last.ckpt is written.
        Discarded: The control asked for it.
    """
    table = read_labels(settings.labels, settings.slides)
    kept = earlier_split(folder)
    parts = split(table, settings.validation_fraction, settings.seed, kept)
    training_rows, validation_rows = (
        [table.rows[i] for i in part] for part in (parts.training, parts.validation)
    )
    card = _card(settings, table, split_files(training_rows, validation_rows))
    continued = continues(folder, card)
    torch.manual_seed(settings.seed)
    training, validation = _loaders(settings, table.classes, training_rows, validation_rows, card)
    classifier = StreamedClassifier(build_network(card, settings.initial_weights), settings.tile_size)
    report(
        Started(settings.task, folder.path, len(training) * settings.epochs, settings.epochs, table.classes)
    )
    keep_split(folder, kept_of(table.rows, parts))
    notes = (*table.notes, *notes_on_split(table.rows, parts, kept), *_strange(table.rows, settings.level))
    for text in notes:
        report(Message(Level.WARNING, text))
    if settings.initial_weights is None and not continued:
        calibrate(classifier.network, training_rows, settings, card, report)
    counts = Counter(row.label for row in training_rows)
    weights = settings.class_weighting.weights([counts[name] for name in table.classes])
    module = SlideClassification(classifier, card, settings, weights)
    fit(module, training, validation, settings, folder, report, control)


class SlideClassification(SlideTrainee[StreamedClassifier]):
    """Trains a streamed classifier with a class-weighted cross entropy."""

    def __init__(
        self,
        classifier: StreamedClassifier,
        card: ModelCard,
        settings: ClassifySettings,
        weights: Sequence[float],
    ) -> None:
        """Set up; `weights` are those of the classes."""
        super().__init__(classifier, card, settings, ACCURACY)
        self._weights = torch.tensor(weights)

    def item_loss(self, item: Item) -> tuple[Tensor, Mapping[str, float]]:
        """The weighted cross entropy of one slide, and whether its class was found."""
        self.view = item.image
        logits, target = self.model.logits(item.image.on(self.model.like)), item.target.to(self.device)
        # cross_entropy's own weights cancel out in a batch of one.
        weight = self._weights.to(logits)[target]
        loss = weight.squeeze() * functional.cross_entropy(logits.float(), target)
        classes = len(self._weights)
        hit = multiclass_accuracy(logits.detach().float(), target, classes, average="micro")
        return loss, {"accuracy": float(hit)}


def _strange(rows: Sequence[LabeledSlide], level: int) -> tuple[str, ...]:
    """What to say of pixels that are not numbers."""
    pixels = 0
    for row in rows:
        with open_image(row.path) as source:
            pixels += count_not_finite(source, level, labeled_area(source, row.region, level))
    return notes_on_not_finite(pixels)


def _card(settings: ClassifySettings, table: LabelTable, data: tuple[DataFile, ...]) -> ModelCard:
    entry = find_model(settings.model)
    with open_image(table.rows[0].path) as source:
        labeled_area(source, table.rows[0].region, settings.level)
        downsample = source.levels[settings.level].downsample
        spacing = source.spacing and (source.spacing[0] * downsample, source.spacing[1] * downsample)
    return ModelCard(
        settings.task,
        entry.name,
        {"head": settings.head.value},
        tuple(map(ClassCard, table.classes)),
        InputCard(len(entry.mean), settings.level, spacing, "um", entry.mean, entry.std),
        data,
        versions=versions(),
    )


def _loaders(
    settings: ClassifySettings,
    classes: Sequence[str],
    training: Sequence[LabeledSlide],
    validation: Sequence[LabeledSlide],
    card: ModelCard,
) -> tuple[SlideLoader, SlideLoader]:
    """Training in random order, as squares where asked for; validation always on the whole labeled part."""

    def loader(rows: Sequence[LabeledSlide], **options: Any) -> SlideLoader:
        targets = [classes.index(row.label) for row in rows]
        return SlideLoader(rows, targets, settings.level, Pixels(card.input.mean, card.input.std), **options)

    return loader(training, **settings.loading), loader(validation)

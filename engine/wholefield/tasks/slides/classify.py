"""The task classify: train a streamed network to name the class of a slide."""

from typing import Any

import torch

from wholefield.networks.registry import find_model
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources import open_image
from wholefield.tasks.slides.classification import SlideClassification
from wholefield.tasks.slides.classifier import (
    ClassifierSpec,
    StreamedClassifier,
    build_network,
    checkpoint_spec,
)
from wholefield.tasks.slides.labels import ONE_SLIDE, LabelTable, Split, class_weights, read_labels, split
from wholefield.tasks.slides.settings import ClassifySettings
from wholefield.tasks.slides.slide_input import labelled_area
from wholefield.tasks.slides.slides_data import SlideLoader
from wholefield.tasks.slides.training import calibrate, calibration_squares, demand_same, fit, updates_of
from wholefield.training.augmentation import Augmentation
from wholefield.training.checkpoints import read_checkpoint
from wholefield.training.settings import Augmentation as Augment


def train_classifier(
    config: ClassifySettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; goes on from last.ckpt where the folder has one.

    Raises:
        WholefieldError: labels, slides, weights or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt and best.ckpt are written.
        Discarded: the control asked for it.
    """
    table = read_labels(config.labels, config.slides)
    parts = split(table, config.validation_fraction, config.seed)
    spec = _spec(config, table)
    continued = folder.last.exists()
    if continued:
        found = checkpoint_spec(read_checkpoint(folder.last), folder.last)
        demand_same(found, spec, ("model", "head", "classes", "level"), folder)
    torch.manual_seed(config.seed)
    training, validation = _loaders(config, table, parts, spec)
    classifier = StreamedClassifier(build_network(spec, config.initial_weights), config.tile_size)
    report(Started(config.task, folder.path, len(training) * config.epochs, config.epochs, table.classes))
    if len({row.path for row in table.rows}) == 1:
        report(Message(Level.WARNING, ONE_SLIDE))
    rows = [table.rows[i] for i in parts.training]
    if config.initial_weights is None and not continued:
        calibrate(classifier.network, calibration_squares(rows, config, spec), report)
    targets = table.targets()
    weights = class_weights([targets[i] for i in parts.training], len(table.classes))
    module = SlideClassification(classifier, spec, config, weights, updates_of(config, training))
    fit(module, training, validation, config, folder, report, control)


def _spec(config: ClassifySettings, table: LabelTable) -> ClassifierSpec:
    entry = find_model(config.model)
    with open_image(table.rows[0].path) as source:
        labelled_area(source, table.rows[0].region, config.level)
        downsample = source.levels[config.level].downsample
        spacing = source.spacing and (source.spacing[0] * downsample, source.spacing[1] * downsample)
    return ClassifierSpec(
        entry.name, table.classes, config.level, spacing, entry.mean, entry.std, config.head
    )


def _loaders(
    config: ClassifySettings, table: LabelTable, parts: Split, spec: ClassifierSpec
) -> tuple[SlideLoader, SlideLoader]:
    """Training in random order, as squares where asked for; validation always on the whole labelled part."""
    targets = table.targets()

    def loader(places: tuple[int, ...], **options: Any) -> SlideLoader:
        rows = [table.rows[i] for i in places]
        return SlideLoader(rows, [targets[i] for i in places], config.level, spec.pixels, **options)

    training = loader(
        parts.training,
        square=config.crop_size,
        repeats=config.repeats,
        shuffle_seed=config.seed,
        augmentation=Augmentation(config.augmentation is not Augment.NONE, config.color_jitter),
    )
    return training, loader(parts.validation)

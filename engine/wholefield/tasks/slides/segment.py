"""The task segment: train a streamed U-Net to name the class of every pixel."""

from collections.abc import Sequence
from typing import Any

import torch

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.tasks.slides.labels import ONE_SLIDE
from wholefield.tasks.slides.mask_data import MaskLoader, Survey, pixel_weights, survey
from wholefield.tasks.slides.masks import Labels, MaskedSlide, read_masks, split_rows
from wholefield.tasks.slides.segmentation import SlideSegmentation
from wholefield.tasks.slides.segmenter import (
    SegmenterSpec,
    StreamedSegmenter,
    build_segmenter,
    segmenter_spec,
)
from wholefield.tasks.slides.settings import SegmentSettings
from wholefield.tasks.slides.training import calibrate, calibration_squares, demand_same, fit, updates_of
from wholefield.training.augmentation import Augmentation
from wholefield.training.checkpoints import read_checkpoint
from wholefield.training.settings import Augmentation as Augment, ClassWeighting


def train_segmenter(
    config: SegmentSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; goes on from last.ckpt where the folder has one.

    Raises:
        WholefieldError: table, slides, masks, weights or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt and best.ckpt are written.
        Discarded: the control asked for it.
    """
    rows = read_masks(config.masks, config.slides)
    parts = split_rows([row.path for row in rows], config.validation_fraction, config.seed)
    labels = Labels(config.binarize_labels, config.ignore_label)
    training_rows = [rows[i] for i in parts.training]
    found = survey(rows, config.level, labels)
    spec = _spec(config, found)
    continued = folder.last.exists()
    if continued:
        earlier = segmenter_spec(read_checkpoint(folder.last), folder.last)
        demand_same(earlier, spec, ("classes", "level", "width", "depth"), folder)
    torch.manual_seed(config.seed)
    training, validation = _loaders(config, training_rows, [rows[i] for i in parts.validation], spec, labels)
    counts = (*found.counts, *(0,) * (len(spec.classes) - len(found.counts)))
    weights = (
        pixel_weights(counts) if config.class_weighting is ClassWeighting.BALANCED else (1.0,) * len(counts)
    )
    segmenter = StreamedSegmenter(build_segmenter(spec, config.initial_weights), config.tile_size, weights)
    report(Started(config.task, folder.path, len(training) * config.epochs, config.epochs, spec.classes))
    report(Message(Level.INFO, _shares(found, spec)))
    if len({row.path for row in rows}) == 1:
        report(Message(Level.WARNING, ONE_SLIDE))
    if config.initial_weights is None and not continued:
        calibrate(segmenter.network, calibration_squares(training_rows, config, spec), report)
    module = SlideSegmentation(segmenter, spec, config, updates_of(config, training))
    fit(module, training, validation, config, folder, report, control)


def _spec(config: SegmentSettings, found: Survey) -> SegmenterSpec:
    names = class_names(config, len(found.counts))
    return SegmenterSpec(
        names, config.level, found.spacing, found.mean, found.std, config.width, config.depth
    )


def class_names(config: SegmentSettings, found: int) -> tuple[str, ...]:
    """What the classes are called where the masks hold `found` of them.

    Raises:
        SettingError: fewer names are given.
    """
    given = tuple(name.strip() for name in config.names.split(",") if name.strip())
    if given and len(given) < found:
        raise SettingError(
            f"The setting names has {len(given)} names, but the masks hold {found} classes; name all, or none."
        )
    if given:
        return given
    return ("background", "foreground") if config.binarize_labels else tuple(map(str, range(found)))


def _shares(found: Survey, spec: SegmenterSpec) -> str:
    total = sum(found.counts)
    # Classes that are named beyond those found have no share.
    shares = (f"{name} {count / total:.1%}" for name, count in zip(spec.classes, found.counts, strict=False))
    return f"Shares of the classes: {', '.join(shares)}."


def _loaders(
    config: SegmentSettings,
    training: Sequence[MaskedSlide],
    validation: Sequence[MaskedSlide],
    spec: SegmenterSpec,
    labels: Labels,
) -> tuple[MaskLoader, MaskLoader]:
    """Training in random order, as squares where asked for; validation always on the whole part."""

    def loader(rows: Sequence[MaskedSlide], **options: Any) -> MaskLoader:
        return MaskLoader(rows, config.level, spec.pixels, labels, **options)

    options = {"square": config.crop_size, "repeats": config.repeats, "seed": config.seed}
    return loader(
        training,
        augmentation=Augmentation(config.augmentation is not Augment.NONE, config.color_jitter),
        **options,
    ), loader(validation)

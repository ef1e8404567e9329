"""The task predict: the output of a trained network for a slide, as a whole and per position."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from wholefield.errors import SettingError
from wholefield.progress import ProgressCallback
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources import ImageSource, open_image
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.streaming import Skip
from wholefield.tasks.slides.data.slide_input import count_not_finite, labeled_area, tissue_of
from wholefield.tasks.slides.models.classifier import StreamedClassifier, load_classifier
from wholefield.tasks.slides.models.footprint import map_box
from wholefield.tasks.slides.models.segmenter import StreamedSegmenter, load_segmenter
from wholefield.tasks.slides.models.streamed_model import StreamedModel
from wholefield.tasks.slides.published.apply import apply_to_slide, save_result
from wholefield.tasks.slides.published.settings import ApplySettings
from wholefield.tasks.slides.results.class_export import write_class_image, write_class_outlines
from wholefield.tasks.slides.results.class_map import ClassMap, SegmentedSlide
from wholefield.tasks.slides.results.prediction import PREDICTION, SlidePrediction
from wholefield.tasks.slides.settings import PredictSettings, SegmentSettings
from wholefield.tasks.slides.strokes.settings import StrokesSettings
from wholefield.tasks.slides.training import tile_reporter
from wholefield.training.checkpoints import card_of, is_own_checkpoint
from wholefield.training.devices import resolve
from wholefield.training.model_card import ModelCard

CLASS_IMAGE = "classes.ome.tif"
CLASS_OUTLINES = "classes.geojson"
# Beyond this ratio of the pixel sizes, structures no longer look as they did in training.
TOLERATED_RATIO = 1.25


def predict_into(
    settings: PredictSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task and save the prediction in the run folder; see `predict_slide`."""
    report(Started(settings.task, folder.path))
    if not is_own_checkpoint(settings.checkpoint):
        applied = published_settings(settings)
        save_result(apply_to_slide(applied, report, control), applied, folder.path, report, control)
        return
    found = predict_slide(settings, report, control)
    if isinstance(found, SlidePrediction):
        found.save(folder.path / PREDICTION)
        folder.save_figures(
            _named("probability", found.classes, found.probabilities.tolist()) | {"class": found.winner}
        )
    else:
        _save_classes(found, folder.path, report, control)
        folder.save_figures(_named("share", found.classes, found.probabilities.tolist()))


def predict_slide(
    settings: PredictSettings, report: ReportFunction, control: Control
) -> SlidePrediction | SegmentedSlide:
    """Stream a whole slide through a trained classifier or segmenter; no more than a tile of it is in memory.

    Raises:
        WholefieldError: slide, checkpoint or settings cannot work.
        StopAndKeep, Discarded: the control asked for it, between two tiles.
    """
    model, card = load_model(settings.checkpoint, settings.tile_size)
    model.network.to(resolve(settings.device))
    model.compute_with(settings.workers, settings.exact_kernels)
    level = (card.input.level or 0) if settings.level is None else settings.level
    with open_image(settings.slide) as source:
        area = labeled_area(source, None, level)
        _warn_of_other_spacing(source, level, card, report)
        if strange := count_not_finite(source, level, area):
            text = (
                f"{strange:,} pixels of {source.name} are not numbers; the network was given the mean in their place, "
                "and what it says of them is made of that."
            )
            report(Message(Level.WARNING, text))
        image = SlideImage(source, level, area=area, mean=card.input.mean, std=card.input.std).on(model.like)
        model.watch(tile_reporter(lambda: image, control.poll, report), control.poll)
        if settings.skip_background:
            tissue = tissue_of(source, report)
            model.skip(Skip(~tissue.mask, image.as_input(tissue.background)))
        if isinstance(model, StreamedSegmenter):
            return _segment(model, card, image)
        assert isinstance(model, StreamedClassifier)
        return _classify(model, card, image, settings)


def _named(what: str, classes: Sequence[str], values: Sequence[float]) -> dict[str, float | str]:
    return {f"{what} {name}": float(value) for name, value in zip(classes, values, strict=True)}


def published_settings(settings: PredictSettings) -> ApplySettings:
    """The settings that use a published model in place of a checkpoint of ours."""
    return ApplySettings(
        slide=settings.slide, checkpoint=settings.checkpoint, level=settings.level or 0, device=settings.device,
        tile_size=settings.tile_size, workers=settings.workers, exact_kernels=settings.exact_kernels,
        skip_background=settings.skip_background,
    )  # fmt: skip


def _classify(
    model: StreamedClassifier, card: ModelCard, image: SlideImage, settings: PredictSettings
) -> SlidePrediction:
    logits, evidence = model.evidence(image)
    probabilities, maps = logits.softmax(1)[0], evidence.softmax(1)[0]
    if not torch.isfinite(probabilities).all():
        raise SettingError(
            f"The checkpoint {settings.checkpoint} gives no finite result; its training diverged."
        )
    return SlidePrediction(
        slide=image.slide,
        classes=card.names,
        probabilities=probabilities.float().cpu().numpy(),
        maps=maps.float().cpu().numpy(),
        box=map_box(
            model.streamed.network, image, (maps.shape[1], maps.shape[2]), image.origin, image.downsample
        ),
    )


def _segment(model: StreamedSegmenter, card: ModelCard, image: SlideImage) -> SegmentedSlide:
    found = ClassMap((1, len(card.classes), *image.shape[2:]))
    model.streamed.write(image, found)
    found.finish()
    source, downsample = image.source, image.downsample
    spacing = source.spacing and (source.spacing[0] * downsample, source.spacing[1] * downsample)
    values = card.values if len(card.values) == len(card.classes) else ()
    colors = tuple(each.color for each in card.classes if each.color is not None)
    return SegmentedSlide(
        image.slide, card.names, found, (source.width, source.height), spacing, values,
        colors if len(colors) == len(card.classes) else (),
    )  # fmt: skip


def _save_classes(found: SegmentedSlide, folder: Path, report: ReportFunction, control: Control) -> None:
    def part(what: str) -> ProgressCallback:
        counter = PartCounter(what, 100, report, control)

        def progress(done: int, total: int) -> None:
            counter.done(round(100 * done / total))

        return progress

    write_class_image(folder / CLASS_IMAGE, found, part("Writing the class of every pixel"))
    write_class_outlines(folder / CLASS_OUTLINES, found, part("Tracing outlines"))
    shares = zip(found.classes, found.probabilities, strict=True)
    text = ", ".join(f"{name} {share:.2%}" for name, share in shares)
    report(Message(Level.INFO, f"Shares of the classes: {text}."))


def load_model(checkpoint: Path, tile_size: int) -> tuple[StreamedModel, ModelCard]:
    """The model of a checkpoint of any training task, ready to predict.

    Raises:
        SourceError: the file is missing, damaged or something else.
        SettingError: it names a model that is not in the list.
    """
    if card_of(checkpoint).task in (SegmentSettings.task, StrokesSettings.task):
        return load_segmenter(checkpoint, tile_size)
    return load_classifier(checkpoint, tile_size)


def _warn_of_other_spacing(source: ImageSource, level: int, card: ModelCard, report: ReportFunction) -> None:
    there = card.input.spacing
    if source.spacing is None or there is None:
        return
    here = np.array(source.spacing) * source.levels[level].downsample
    ratio = float(np.max(np.maximum(here / there, there / here)))
    if ratio > TOLERATED_RATIO:
        text = (
            f"{source.name} has {here[0]:.3g} um per pixel at level {level}, but the model was trained at "
            f"{there[0]:.3g} um; choose the level that comes closest."
        )
        report(Message(Level.WARNING, text))

"""The task predict: what a trained network says of a slide, as a whole and place by place."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.errors import SettingError
from engine.runs.checkpoints import SPEC, read_checkpoint
from engine.runs.classifier import load_classifier
from engine.runs.config import PredictConfig, SegmentConfig
from engine.runs.control import Control
from engine.runs.devices import resolve
from engine.runs.folder import RunFolder
from engine.runs.footprint import footprint
from engine.runs.prediction import PREDICTION, SlidePrediction
from engine.runs.reports import Level, Message, ReportFunction, Started
from engine.runs.segmenter import load_segmenter
from engine.runs.streamed_model import Spec, StreamedModel
from engine.runs.training import tile_reporter
from engine.runs.views import View, labelled_area, read_view
from engine.sources import ImageSource, open_image

# Beyond this ratio of the pixel sizes, structures no longer look as they did in training.
TOLERATED_RATIO = 1.25


def predict_into(config: PredictConfig, folder: RunFolder, report: ReportFunction, control: Control) -> None:
    """Run the task and save the prediction in the run folder; see `predict_slide`."""
    report(Started(config.task, folder.path))
    predict_slide(config, report, control).save(folder.path / PREDICTION)


def predict_slide(config: PredictConfig, report: ReportFunction, control: Control) -> SlidePrediction:
    """Stream a whole slide through a trained classifier or segmenter.

    Raises:
        TesseraError: slide, checkpoint or settings cannot work.
        StopAndKeep, Abandoned: the control asked for it, between two tiles.
    """
    device = resolve(config.device)
    model, spec = load_model(config.checkpoint, config.tile_size)
    model.network.to(device)
    level = spec.level if config.level is None else config.level
    with open_image(config.slide) as source:
        area = labelled_area(source, None, level)
        _warn_of_other_spacing(source, level, spec, report)
        image, view = read_view(source, level, area, spec.pixels)
    model.streamed.on_tile = tile_reporter(lambda: view, control.poll, report)
    image = image.to(device)
    with torch.inference_mode():
        probabilities, maps = model.answer(image)
    if not torch.isfinite(probabilities).all():
        raise SettingError(
            f"The checkpoint {config.checkpoint} gives no finite result; its training diverged."
        )
    return SlidePrediction(
        slide=config.slide,
        classes=spec.classes,
        probabilities=probabilities.float().cpu().numpy(),
        maps=maps.float().cpu().numpy(),
        box=_map_box(model, image, (maps.shape[1], maps.shape[2]), view),
    )


def load_model(checkpoint: Path, tile_size: int) -> tuple[StreamedModel, Spec]:
    """The model of a checkpoint of any training task, ready to predict.

    Raises:
        SourceError: the file is missing, damaged or something else.
        SettingError: it names a model that is not in the list.
    """
    if read_checkpoint(checkpoint)[SPEC]["task"] == SegmentConfig.task:
        return load_segmenter(checkpoint, tile_size)
    return load_classifier(checkpoint, tile_size)


def _map_box(
    model: StreamedModel, image: Tensor, cells: tuple[int, int], view: View
) -> tuple[float, float, float, float]:
    """The rectangle (x, y, width, height), in pixels of level 0, that a map of (rows, columns) covers."""
    rows, columns = footprint(model.streamed.network, image)
    (top, bottom), (left, right) = rows.extent(cells[0]), columns.extent(cells[1])
    scale = view.downsample
    return view.x + left * scale, view.y + top * scale, (right - left) * scale, (bottom - top) * scale


def _warn_of_other_spacing(source: ImageSource, level: int, spec: Spec, report: ReportFunction) -> None:
    if source.spacing is None or spec.spacing is None:
        return
    here = np.array(source.spacing) * source.levels[level].downsample
    ratio = float(np.max(np.maximum(here / spec.spacing, spec.spacing / here)))
    if ratio > TOLERATED_RATIO:
        text = (
            f"{source.name} has {here[0]:.3g} um per pixel at level {level}, but the model was trained at "
            f"{spec.spacing[0]:.3g} um; choose the level that comes closest."
        )
        report(Message(Level.WARNING, text))

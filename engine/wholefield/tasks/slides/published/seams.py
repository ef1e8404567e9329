"""The task seams: how far plain tiles, blended windows and streaming are from a network on a whole region."""

from __future__ import annotations

from math import lcm

import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.networks.opening import Gives, PublishedModel, open_model
from wholefield.progress import ProgressCallback
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources import ImageSource, open_image
from wholefield.sources.rect import Rect
from wholefield.streaming.seams import (
    Difference,
    Way,
    blended_windows,
    compare,
    plain_tiles,
    streamed_way,
    takes_statistics,
)
from wholefield.tasks.slides.published.network_input import NetworkInput, measured_intensity, plain_image
from wholefield.tasks.slides.published.seams_report import SeamReport, write_report
from wholefield.tasks.slides.published.seams_settings import SeamsSettings
from wholefield.training.devices import resolve

MIDDLE = 1024
GRAY_LEVELS = 255.0
TOLERANCES = {"gray levels": 1.0, "probability": 0.01, "values": 1e-3}


def seams_into(settings: SeamsSettings, folder: RunFolder, report: ReportFunction, control: Control) -> None:
    """Run the task and write its files; see `measure_seams`."""
    report(Started(settings.task, folder.path))
    found = measure_seams(settings, report, control)
    write_report(folder.path, found)
    for each in found.differences:
        text = f"{each.name}: up to {each.maximum:.4g} {found.unit}, {each.share:.2%} of the pixels off by more than "
        report(Message(Level.INFO, f"{text}{each.tolerance:g}."))


def measure_seams(settings: SeamsSettings, report: ReportFunction, control: Control) -> SeamReport:
    """Compute a region in three ways and as a whole.

    Raises:
        WholefieldError: Slide, model or settings cannot work.
        StopAndKeep, Discarded: The control asked for it, between two tiles.
    """
    model = open_model(settings.checkpoint)
    model.demand_streaming()
    card = model.card
    if card.axes != 2 or card.gives is Gives.VECTOR:
        raise SettingError(
            f"{settings.checkpoint.name} gives no map of a slide, so it has no seams; choose a model that gives one."
        )
    multiple = lcm(*(card.streaming.multiple or (1,)))
    tile, pad = _multiples(settings, multiple)
    model.network.to(resolve(settings.device))
    with open_image(settings.slide) as source:
        plain = plain_image(source, settings.level, card)
        measured = measured_intensity(plain, card, _progress("Measuring intensities", report, control))
        like = next(model.network.parameters(), torch.empty(0))
        image = NetworkInput(plain, card, measured, like)
        area = _area(settings, source, multiple)
        pixels = image.read(((area.y, area.bottom), (area.x, area.right)))
    unit = _unit(model)
    tiles, windows, streams = (
        _progress(what, report, control) for what in ("Plain tiles", "Blended windows", "Streaming")
    )
    ways: dict[str, Way] = {
        f"Plain tiles, {pad} px context": lambda net, x: plain_tiles(net, x, (tile, tile), pad, tiles),
        f"Blended windows, {settings.overlap:.0%} overlap": lambda net, x: blended_windows(
            net, x, (tile, tile), settings.overlap, multiple, windows
        ),
        "Streamed": streamed_way((tile, tile), streams),
    }
    if takes_statistics(model.streamed, pixels):
        frozen = _progress("Streaming with frozen statistics", report, control)
        ways[f"Streamed, statistics of {tile} px in the middle"] = streamed_way(
            (tile, tile), frozen, (tile, tile)
        )
    tolerance = TOLERANCES[unit] if settings.tolerance is None else settings.tolerance
    found: list[Difference] = compare(
        model.streamed, pixels, ways, tolerance, lambda result: _compared(result, unit)
    )
    return SeamReport(str(settings.slide), str(settings.checkpoint), area, settings.level, tile, unit, found)


def _unit(model: PublishedModel) -> str:
    """What a model's results are compared in."""
    if model.card.gives is Gives.IMAGE and model.card.unit_scale:
        return "gray levels"
    return "probability" if model.card.gives is Gives.CLASSES else "values"


def _compared(result: Tensor, unit: str) -> Tensor:
    """What is seen of a result."""
    if unit == "gray levels":
        return result.clamp(0, 1) * GRAY_LEVELS
    return result.softmax(1) if unit == "probability" else result


def _multiples(settings: SeamsSettings, multiple: int) -> tuple[int, int]:
    """Tile and context, which the network can take only in multiples: the tile rounded down, the context up.

    Raises:
        SettingError: No multiple fits in the tile.
    """
    if settings.tile_size < multiple:
        raise SettingError(
            f"The setting tile_size is {settings.tile_size} but must be at least {multiple}, the stride of the model."
        )
    return settings.tile_size - settings.tile_size % multiple, -(-settings.pad // multiple) * multiple


def _area(settings: SeamsSettings, source: ImageSource, multiple: int) -> Rect[int]:
    """The region, its sides rounded down to multiples.

    Raises:
        SettingError: It leaves the level, or nothing of it is left.
    """
    size, area = source.levels[settings.level], settings.area()
    if area is None:
        width, height = min(MIDDLE, size.width), min(MIDDLE, size.height)
        area = Rect((size.width - width) // 2, (size.height - height) // 2, width, height)
    if area.right > size.width or area.bottom > size.height:
        raise SettingError(
            f"The setting region is '{settings.region}', beyond the {size.width} x {size.height} pixels of level "
            f"{settings.level} of {source.name}."
        )
    width, height = area.width - area.width % multiple, area.height - area.height % multiple
    if min(width, height) < multiple:
        raise SettingError(
            f"The region of {area.width} x {area.height} pixels is smaller than the stride of the model, {multiple}."
        )
    return Rect(area.x, area.y, width, height)


def _progress(what: str, report: ReportFunction, control: Control) -> ProgressCallback:
    counter = PartCounter(what, 1, report, control)

    def progress(done: int, total: int) -> None:
        counter.done(done, total)

    return progress

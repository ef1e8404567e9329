"""How well the strokes that are held out are predicted, and where worst."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from wholefield.runs.reports import WrongPlace
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.masks import IGNORED
from wholefield.tasks.slides.models.pixel_loss import confusion
from wholefield.tasks.slides.strokes.crops import classes_of, level0
from wholefield.tasks.slides.strokes.regions import RegionPredictor
from wholefield.tasks.slides.strokes.split import Stroke
from wholefield.tasks.slides.strokes.strokes import Strokes

# More would take longer than the epoch that they judge.
MOST_STROKES = 24
LARGEST_SIDE = 128
MOST_PLACES = 12


@dataclass(frozen=True, eq=False)
class Judgment:
    """What came of looking at held-out strokes.

    Attributes:
        table: Pixels by label (rows) and by found class (columns), (classes, classes) int64.
        losses: Sum of the cross entropies of the pixels of every class, (classes,) float64.
        places: Where the network is wrong, the worst first.
        judged: How many strokes were looked at.
    """

    table: Tensor
    losses: Tensor
    places: tuple[WrongPlace, ...]
    judged: int

    @property
    def metrics(self) -> dict[str, float]:
        """Loss (every class counts the same), accuracy, and mean Dice of the classes that occur; empty for no pixel."""
        table = self.table.double()
        counts = table.sum(1)
        if not counts.sum():
            return {}
        occurs = counts > 0
        dice = 2 * table.diagonal() / (table.sum(0) + counts).clamp(min=1)
        return {
            "validation_loss": float((self.losses[occurs] / counts[occurs]).mean()),
            "validation_accuracy": float(table.diagonal().sum() / table.sum()),
            "validation_dice": float(dice[occurs].mean()),
        }


def judge(predictor: RegionPredictor, strokes: Strokes, poll: Callable[[], None]) -> Judgment:
    """Predict held-out strokes, of every class alike, and compare.

    Of strokes beyond `MOST_STROKES` only some are looked at, and of a large one its middle.

    Args:
        predictor: Predicts parts of the slide.
        strokes: The strokes.
        poll: Called before each, to obey the control.
    """
    count = len(strokes.classes)
    table = torch.zeros(count, count, dtype=torch.int64)
    losses = torch.zeros(count, dtype=torch.float64)
    places = []
    chosen = _chosen(strokes.held_out)
    for stroke in chosen:
        poll()
        part = _part(predictor, stroke)
        image = predictor.image.cropped(part)
        wanted = torch.from_numpy(classes_of(strokes, image, held_out=True))
        logits = predictor.logits(part)
        found = logits.argmax(0)
        here = confusion(found, wanted, count)
        table += here
        losses += _losses(logits, wanted, count)
        if place := _place(here, level0(predictor.image, part)):
            places.append(place)
    places.sort(key=lambda place: -place.wrong)
    return Judgment(table, losses, tuple(places[:MOST_PLACES]), len(chosen))


def _chosen(strokes: tuple[Stroke, ...]) -> list[Stroke]:
    """At most so many, taken in turn from every class, the newest first."""
    queues: dict[int, list[Stroke]] = {}
    for stroke in strokes:
        queues.setdefault(stroke.label, []).append(stroke)
    chosen: list[Stroke] = []
    while len(chosen) < MOST_STROKES and any(queues.values()):
        chosen += [queue.pop() for queue in queues.values() if queue]
    return chosen[:MOST_STROKES]


def _part(predictor: RegionPredictor, stroke: Stroke) -> Rect[int]:
    """The bounds of a stroke, or of a large one the part around its middle, in px of the level."""
    image = predictor.image
    source, size = image.source, image.source.levels[image.level]
    left, top, right, bottom = stroke.area.bounds
    middle = stroke.area.representative_point()
    spans = []
    for low, high, center, length, whole in (
        (left, right, middle.x, size.width, source.width),
        (top, bottom, middle.y, size.height, source.height),
    ):
        scale = length / whole
        start, stop = int(low * scale), min(int(np.ceil(high * scale)), length)
        if stop - start > LARGEST_SIDE:
            start = min(max(int(center * scale) - LARGEST_SIDE // 2, start), stop - LARGEST_SIDE)
            stop = start + LARGEST_SIDE
        start = min(start, length - 1)
        spans.append((start, max(stop - start, 1)))
    (x, width), (y, height) = spans
    return Rect(x, y, width, height)


def _losses(logits: Tensor, wanted: Tensor, count: int) -> Tensor:
    losses = functional.cross_entropy(logits[None], wanted[None], ignore_index=IGNORED, reduction="none")[0]
    counted = wanted != IGNORED
    return torch.zeros(count, dtype=torch.float64).index_add(0, wanted[counted], losses[counted].double())


def _place(table: Tensor, box: Rect[float]) -> WrongPlace | None:
    """The most frequent confusion in a table; None where all is right."""
    wrong = table - table.diagonal().diag()
    if not wrong.any():
        return None
    label = int(wrong.sum(1).argmax())
    return WrongPlace(
        (box.x, box.y, box.width, box.height),
        label,
        int(wrong[label].argmax()),
        float(wrong.sum() / table.sum()),
    )

"""What a network in training makes of the view: blocks in the colors of classes, faint where it is unsure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from wholefield.runs.reports import RegionPredicted
from wholefield.sources.rect import Rect
from wholefield_app.viewer.layer import Frame, Layer
from wholefield_app.viewer.slides.map import OPACITY, paint_map

Color = tuple[int, int, int]
Place = tuple[float, float, float, float]

# An indexed image has 256 colors: so many steps of confidence for each class, where there are few classes.
ENTRIES, MOST_STEPS = 256, 16
FAINTEST = 0.25
MOST_BLOCKS = 256


class LiveMapLayer(Layer):
    """Shows the newest blocks.

    Attributes:
        opacity: 0 to 1, where the network is sure.
        step: Training steps that the newest block is from.
    """

    title = "Live prediction"

    def __init__(self) -> None:
        self.opacity: float = OPACITY
        self.step = 0
        self._colors: Sequence[Color] = ()
        self._blocks: dict[Place, QImage] = {}

    @property
    def present(self) -> bool:
        """Whether there are blocks, or colors of classes to come."""
        return bool(self._colors)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self._blocks

    def begin(self, colors: Sequence[Color]) -> None:
        """Show nothing until blocks of classes of these colors come."""
        self._colors = colors
        self._blocks = {}
        self.step = 0

    def add(self, report: RegionPredicted) -> None:
        """Show a block in place of the one that was there; the oldest go where there are many."""
        self._blocks.pop(report.box, None)
        self._blocks[report.box] = block_image(report, self._colors)
        self.step = report.step
        while len(self._blocks) > MOST_BLOCKS:
            del self._blocks[next(iter(self._blocks))]

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the blocks in sight."""
        if not self.visible:
            return
        for box, image in self._blocks.items():
            target = frame.rect(Rect(*box))
            if target.intersects(frame.area):
                paint_map(painter, image, target, self.opacity, smooth=False)


def block_image(report: RegionPredicted, colors: Sequence[Color]) -> QImage:
    """A block as a picture: the color of the class, as opaque as the network is sure between a guess and certainty."""
    count = len(colors)
    steps = min(MOST_STEPS, ENTRIES // count)
    entries = (
        report.classes.astype(np.uint16) * steps + report.confidence.astype(np.uint16) * steps // ENTRIES
    )
    pixels = np.ascontiguousarray(entries, np.uint8)
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable([_entry(color, step, steps, count) for color in colors for step in range(steps)])
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _entry(color: Color, step: int, steps: int, count: int) -> int:
    sure = (step + 1) / steps
    share = max((sure - 1 / count) / (1 - 1 / count), 0.0)
    made = QColor(*color)
    made.setAlphaF(FAINTEST + (1 - FAINTEST) * share)
    return made.rgba()

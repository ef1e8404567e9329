"""The tile grid over the image."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from wholefield.sources.rect import Rect
from wholefield_app.viewer.hud import contrast, fill_rects, line_height, small_font, text_width
from wholefield_app.viewer.layer import Frame, Layer, LegendRow

LINE = QColor(16, 32, 56)
CASING = QColor(255, 255, 255)
# Cells below the first size are not drawn at all; at the second the lines have their full strength.
SMALLEST_CELL, CLEAR_CELL = 5.0, 24.0
LABEL_CELL = 110.0


@dataclass(frozen=True)
class TileGrid:
    """A grid of tiles over an image, in level-0 px.

    Attributes:
        width: Width of a tile.
        height: Height of a tile.
        text: Size of a tile as the user set it.
    """

    width: float
    height: float
    text: str

    def counts(self, image: Rect[float]) -> tuple[int, int]:
        """(columns, rows) of tiles that cover an image."""
        # An edge that rounding put a hair beyond the image opens no tile.
        return (
            max(math.ceil(image.width / self.width - 1e-9), 1),
            max(math.ceil(image.height / self.height - 1e-9), 1),
        )

    def lines(self, start: float, stop: float, step: float, end: float) -> list[float]:
        """Positions of the lines between tiles inside [start, stop], without the borders 0 and `end`."""
        first, last = max(math.ceil(start / step), 1), math.floor(stop / step)
        return [index * step for index in range(first, last + 1) if index * step < end]


class GridLayer(Layer):
    """Draws the tile grid and, where there is room, the row and column of each tile."""

    title = "Tile grid"

    def __init__(self) -> None:
        self.grid: TileGrid | None = None

    @property
    def present(self) -> bool:
        """Whether there is a grid."""
        return self.grid is not None

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Lines that fade away as the cells get too small to distinguish."""
        cell = self._cell(frame)
        if self.grid is None or not self.visible or cell < SMALLEST_CELL:
            return
        strength = min((cell - SMALLEST_CELL) / (CLEAR_CELL - SMALLEST_CELL), 1.0)
        shown = frame.view.visible.intersected(frame.image)
        self._paint_lines(painter, frame, shown, strength)
        if cell >= LABEL_CELL:
            self._paint_labels(painter, frame, shown)

    def legend(self, frame: Frame) -> list[LegendRow]:
        """Tile size and number of tiles."""
        if self.grid is None or not self.visible:
            return []
        columns, rows = self.grid.counts(frame.image)
        count = f"{columns * rows:,} tile" + ("s" if columns * rows > 1 else "")
        text = f"Grid {self.grid.text} px: {columns:,} × {rows:,} = {count}"
        return [LegendRow(text, LINE, outlined=True)]

    def _cell(self, frame: Frame) -> float:
        if self.grid is None:
            return 0.0
        return min(self.grid.width, self.grid.height) * frame.view.scale / frame.view.ratio

    def _paint_lines(self, painter: QPainter, frame: Frame, shown: Rect[float], strength: float) -> None:
        grid, image = self.grid, frame.image
        assert grid is not None
        columns = [0.0, *grid.lines(shown.x, shown.right, grid.width, image.right), image.right]
        rows = [0.0, *grid.lines(shown.y, shown.bottom, grid.height, image.bottom), image.bottom]
        area = frame.view.box_to_device(shown)
        thickness = max(round(frame.view.ratio), 1)
        painter.save()
        painter.scale(1 / frame.view.ratio, 1 / frame.view.ratio)
        for tint, margin, alpha in ((CASING, thickness, 135), (LINE, 0, 190)):
            color = QColor(tint)
            color.setAlpha(round(alpha * strength))
            wide = thickness + 2 * margin
            lefts = [frame.view.box_to_device(Rect(x, 0, 0, 0)).x - margin for x in columns]
            tops = [frame.view.box_to_device(Rect(0, y, 0, 0)).y - margin for y in rows]
            lines = [QRectF(left, area.y, wide, area.height) for left in lefts]
            lines += [QRectF(area.x, top, area.width, wide) for top in tops]
            fill_rects(painter, lines, color)
        painter.restore()

    def _paint_labels(self, painter: QPainter, frame: Frame, shown: Rect[float]) -> None:
        grid = self.grid
        assert grid is not None
        painter.save()
        font = small_font(painter, 0.8)
        painter.setFont(font)
        height = line_height(font)
        columns, rows = grid.counts(frame.image)
        for row in range(int(shown.y // grid.height), min(math.ceil(shown.bottom / grid.height), rows)):
            for column in range(
                int(shown.x // grid.width), min(math.ceil(shown.right / grid.width), columns)
            ):
                x, y = frame.view.to_screen(column * grid.width, row * grid.height)
                text = f"{row + 1}, {column + 1}"
                plate = QRectF(x + 4, y + 4, text_width(font, text) + 8, height + 2)
                painter.fillRect(plate, QColor(16, 32, 56, 150))
                painter.setPen(contrast(LINE))
                painter.drawText(QPointF(plate.left() + 4, plate.bottom() - height * 0.24), text)
        painter.restore()

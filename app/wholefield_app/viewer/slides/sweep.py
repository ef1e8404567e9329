"""Which tiles a sweep has visited: they light up, fade, and keep a faint tint until the next pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import cast

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter, QRegion

from wholefield.runs.reports import Direction
from wholefield.sources.rect import Rect
from wholefield_app.viewer.hud import paint_cased_rect
from wholefield_app.viewer.layer import Frame, Layer, LegendRow

# Blue and vermilion of Okabe and Ito (2008): distinct with every kind of color vision, and unlike stained tissue.
COLORS = {Direction.FORWARD: QColor(0, 114, 178), Direction.REVERSE: QColor(230, 110, 0)}
NAMES = {Direction.FORWARD: "Forward sweep", Direction.REVERSE: "Reverse sweep"}
GLOW_SECONDS = 1.0
TINT_ALPHA, GLOW_ALPHA = 46, 150

PixelBox = tuple[int, int, int, int]


class SweepTrace:
    """The tiles visited in the current pass, without Qt's event loop: times come from outside.

    A pass is a forward sweep and the reverse sweep after it; it ends when a forward sweep visits a tile again or
    begins after a reverse one.

    Attributes:
        done: The region visited by each sweep, in level-0 px; the reverse sweep takes over what it visits.
        counts: Number of tiles visited by each sweep.
    """

    def __init__(self) -> None:
        self.done = {direction: QRegion() for direction in Direction}
        self.counts = dict.fromkeys(Direction, 0)
        self._glows: dict[tuple[Direction, PixelBox], float] = {}

    def visit(self, direction: Direction, box: PixelBox, now: float) -> None:
        """A sweep has reached a tile at a time in s."""
        area = QRegion(QRect(*box))
        if self._starts_again(direction, area):
            self._forget_done()
        if direction is Direction.REVERSE:
            self.done[Direction.FORWARD] -= area
        self.done[direction] += area
        self.counts[direction] += 1
        self._glows[direction, box] = now

    def glows(self, now: float) -> list[tuple[Direction, PixelBox, float]]:
        """The tiles that still glow, oldest first, with their strength from 1 down to 0; forgets the others."""
        self._glows = {key: lit for key, lit in self._glows.items() if now - lit < GLOW_SECONDS}
        return [
            (direction, box, min(1.0, 1.0 - (now - lit) / GLOW_SECONDS))
            for (direction, box), lit in self._glows.items()
        ]

    def clear(self) -> None:
        """Forget everything."""
        self._forget_done()
        self._glows.clear()

    def _starts_again(self, direction: Direction, area: QRegion) -> bool:
        if direction is Direction.FORWARD and self.counts[Direction.REVERSE]:
            return True
        return not (area & self.done[direction]).isEmpty()

    def _forget_done(self) -> None:
        self.done = {direction: QRegion() for direction in Direction}
        self.counts = dict.fromkeys(Direction, 0)


class SweepLayer(Layer):
    """Paints the trace of the sweeps."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing visited; `clock` gives the time in s."""
        self.trace = SweepTrace()
        self._clock = clock

    @property
    def glowing(self) -> bool:
        """Whether anything still fades, so that another frame is needed."""
        return bool(self.trace.glows(self._clock()))

    def visit(self, direction: Direction, box: PixelBox) -> None:
        """A sweep has reached a tile (x, y, width, height) in level-0 px just now."""
        self.trace.visit(direction, box, self._clock())

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """A tint over what was visited, and a glow with an outline over what was visited just now."""
        shown = QRect(*(int(value) for value in frame.view.visible)).adjusted(-1, -1, 2, 2)
        for direction, region in self.trace.done.items():
            tint = _with_alpha(COLORS[direction], TINT_ALPHA)
            for rect in cast("Iterable[QRect]", region & shown):
                painter.fillRect(frame.rect(Rect(rect.x(), rect.y(), rect.width(), rect.height())), tint)
        for direction, box, strength in self.trace.glows(self._clock()):
            self._paint_glow(painter, frame, direction, box, strength)

    def legend(self, frame: Frame) -> list[LegendRow]:
        """The color of each sweep and how many tiles it has visited."""
        del frame
        return [
            LegendRow(f"{NAMES[direction]}: {count:,} tile" + ("" if count == 1 else "s"), COLORS[direction])
            for direction, count in self.trace.counts.items()
            if count
        ]

    def _paint_glow(
        self, painter: QPainter, frame: Frame, direction: Direction, box: PixelBox, strength: float
    ) -> None:
        rect = frame.rect(Rect(*box))
        if not rect.intersects(frame.area):
            return
        painter.fillRect(rect, _with_alpha(COLORS[direction], GLOW_ALPHA * strength))
        if min(rect.width(), rect.height()) > 10:
            outline = _with_alpha(COLORS[direction].lighter(120), 255 * strength)
            paint_cased_rect(painter, rect, outline, 3.0, _with_alpha(QColor("white"), 200 * strength))


def _with_alpha(color: QColor, alpha: float) -> QColor:
    tinted = QColor(color)
    tinted.setAlpha(round(alpha))
    return tinted

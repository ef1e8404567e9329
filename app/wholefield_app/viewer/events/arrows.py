"""Flow as arrows: their lines are computed in a worker thread and painted in a few calls."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from wholefield.flow.viz.arrows import TIP, arrow_places
from wholefield.flow.viz.colors import hues

HUES = 24
# Half the angle between the two strokes of a head, in radians.
SPREAD = 0.5
# More arrows than this are painted without smoothing, which would take longer than the rest of the frame.
MOST_SMOOTH = 1500

Lines = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Arrows:
    """Arrows sorted by color.

    Attributes:
        lines: (3 n, 4): x and y of the beginning and the end of every stroke, in px of the sensor, shaft and head.
        groups: For every color there is, its number of `HUES`, and the first and the last stroke (exclusive).
    """

    lines: Lines
    groups: tuple[tuple[int, int, int], ...]

    def __len__(self) -> int:
        """Arrows."""
        return len(self.lines) // 3


def make_arrows(
    flow: npt.NDArray[np.floating],
    total: npt.NDArray[np.floating] | None,
    step: int,
    threshold: float,
    seconds: float,
) -> Arrows:
    """Arrows on a grid, from the middles of its squares to where the flow leads.

    Args:
        flow: (2, H, W) in px per s, x first.
        total: Events in every pixel, (H, W): only squares with events get arrows; None for all.
        step: Side of the squares in px.
        threshold: Slower flow gets none, in px per s.
        seconds: How long the flow is followed.
    """
    mask = squares_with_events(total, step) if total is not None else None
    rows, columns = arrow_places(flow, step, threshold, mask)
    vectors = flow[:, rows, columns].astype(np.float64)
    colors = np.floor(hues(vectors) * HUES + 0.5).astype(int) % HUES
    order = np.argsort(colors, kind="stable")
    starts = np.stack([columns, rows])[:, order].astype(np.float64) + 0.5
    lines = _strokes(starts, vectors[:, order] * seconds)
    bounds = np.searchsorted(colors[order], np.arange(HUES + 1))
    groups = [
        (hue, int(3 * first), int(3 * last))
        for hue, (first, last) in enumerate(pairwise(bounds))
        if last > first
    ]
    return Arrows(lines, tuple(groups))


def squares_with_events(total: npt.NDArray[np.floating], step: int) -> npt.NDArray[np.bool_]:
    """Whether the square of `step` px that a pixel is in holds any event, (H, W)."""
    height, width = total.shape
    padded = np.pad(total > 0, ((0, -height % step), (0, -width % step)))
    squares = padded.reshape(len(padded) // step, step, -1, step).any(axis=(1, 3))
    return np.repeat(np.repeat(squares, step, 0), step, 1)[:height, :width]


def _strokes(starts: Lines, ways: Lines) -> Lines:
    """Shaft and the two strokes of the head of every arrow, one arrow after the other."""
    ends = starts + ways
    strokes = [np.concatenate([starts, ends])]
    for angle in (SPREAD, -SPREAD):
        cosine, sine = np.cos(angle) * TIP, np.sin(angle) * TIP
        back = np.stack([cosine * ways[0] - sine * ways[1], sine * ways[0] + cosine * ways[1]])
        strokes.append(np.concatenate([ends, ends - back]))
    return np.ascontiguousarray(np.stack(strokes).transpose(2, 0, 1).reshape(-1, 4))


def hue_color(hue: int, dark: bool) -> QColor:
    """The color of arrows of a hue on a dark or a light background."""
    return QColor.fromHsvF(hue / HUES, 1.0, 1.0 if dark else 0.78)


def paint_arrows(painter: QPainter, arrows: Arrows, origin: QPointF, scale: float, dark: bool) -> None:
    """Paint arrows with the sensor's upper left corner at `origin`, `scale` logical px to a px of the sensor.

    The strokes of a color are handed over in one call: one call each would take 20 times as long.
    """
    if not len(arrows):
        return
    lines = arrows.lines * scale + np.array([origin.x(), origin.y()] * 2)
    pen = QPen(Qt.GlobalColor.black, 1)
    pen.setCosmetic(True)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(arrows) <= MOST_SMOOTH)
    for hue, first, last in arrows.groups:
        pen.setColor(hue_color(hue, dark))
        painter.setPen(pen)
        address = lines.ctypes.data + first * lines.strides[0]
        painter.drawLines(cast("QLineF", shiboken6.wrapInstance(address, QLineF)), last - first)
    painter.restore()

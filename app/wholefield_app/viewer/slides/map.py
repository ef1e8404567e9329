"""A map of values, such as a prediction, over the image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from wholefield.sources.rect import Rect
from wholefield_app.viewer.colormap import Colormap, colorise, table
from wholefield_app.viewer.layer import Frame, Layer, LegendRow

RAMP_COLORS = 16


def map_image(values: npt.NDArray[np.floating], colormap: Colormap) -> QImage:
    """The picture of a map: one px a value, transparent where the value is NaN.

    Args:
        values: (height, width), 0 to 1.
        colormap: Which colors.
    """
    pixels = colorise(values, colormap)
    height, width = values.shape
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, width, height, width * 4, form).copy()


def paint_map(painter: QPainter, image: QImage, target: QRectF, opacity: float, smooth: bool) -> None:
    """Paint a map over a rectangle; the viewer and exports both paint it with this.

    Args:
        painter: Where to.
        image: Picture from `map_image`.
        target: The rectangle that the whole map covers, in the painter's units.
        opacity: 0 (nothing is seen) to 1 (nothing under it is seen).
        smooth: Whether to interpolate between values.
    """
    painter.save()
    painter.setOpacity(opacity)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(target, image)
    painter.restore()


class MapLayer(Layer):
    """Shows one map.

    Attributes:
        opacity: 0 to 1.
        visible: Whether it is painted.
    """

    def __init__(self) -> None:
        self.opacity = 0.5
        self.visible = True
        self._image: QImage | None = None
        self._box: Rect[float] = Rect(0, 0, 0, 0)
        self._title = ""
        self._ramp: tuple[QColor, ...] = ()
        self._smooth = True

    def show(
        self,
        values: npt.NDArray[np.floating] | None,
        box: Rect[float],
        colormap: Colormap,
        title: str,
        smooth: bool,
    ) -> None:
        """Show values (height, width) of 0 to 1 over a level-0 rectangle, or nothing for None."""
        self._image = None if values is None else map_image(values, colormap)
        self._box, self._title, self._smooth = box, title, smooth
        steps = np.linspace(0, 255, RAMP_COLORS).round().astype(int)
        self._ramp = tuple(QColor(*map(int, color)) for color in table(colormap)[steps])

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the map, as far as there is an image under it: its outer cells reach a little beyond."""
        if self._image is not None and self.visible:
            painter.save()
            painter.setClipRect(frame.rect(frame.image))
            paint_map(painter, self._image, frame.rect(self._box), self.opacity, self._smooth)
            painter.restore()

    def legend(self, frame: Frame) -> list[LegendRow]:
        """Its title and colors."""
        del frame
        if self._image is None or not self.visible:
            return []
        return [LegendRow(self._title, ramp=self._ramp)]

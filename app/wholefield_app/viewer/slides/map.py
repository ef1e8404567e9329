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
OPACITY = 0.55


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
    """Shows one map."""

    def __init__(self, title: str = "Prediction map", *, removable: bool = False) -> None:
        self.title, self.removable = title, removable
        self.opacity: float = OPACITY
        self.colormap: Colormap = Colormap.VIRIDIS
        self._values: npt.NDArray[np.floating] | None = None
        self._image: QImage | None = None
        self._box: Rect[float] = Rect(0, 0, 0, 0)
        self._title = ""
        self._smooth = True

    @property
    def present(self) -> bool:
        """Whether there is a map."""
        return self._values is not None

    def show(
        self, values: npt.NDArray[np.floating] | None, box: Rect[float], title: str, *, smooth: bool = True
    ) -> None:
        """Show values (height, width) of 0 to 1 over a level-0 rectangle, or nothing for None."""
        self._values, self._image = values, None
        self._box, self._title, self._smooth = box, title, smooth

    def look(
        self,
        *,
        visible: bool | None = None,
        opacity: float | None = None,
        colormap: Colormap | None = None,
        filled: bool | None = None,
    ) -> None:
        """Look different; other colors are another picture."""
        super().look(visible=visible, opacity=opacity, colormap=colormap, filled=filled)
        self._image = self._image if colormap is None else None

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the map, as far as there is an image under it: its outer cells reach a little beyond."""
        if self._values is not None and self.visible:
            self._image = self._image or map_image(self._values, self.colormap)
            painter.save()
            painter.setClipRect(frame.rect(frame.image))
            paint_map(painter, self._image, frame.rect(self._box), self.opacity, self._smooth)
            painter.restore()

    def legend(self, frame: Frame) -> list[LegendRow]:
        """Its title and colors."""
        del frame
        if self._values is None or not self.visible:
            return []
        steps = np.linspace(0, 255, RAMP_COLORS).round().astype(int)
        ramp = tuple(QColor(*map(int, color)) for color in table(self.colormap)[steps])
        return [LegendRow(self._title, ramp=ramp)]

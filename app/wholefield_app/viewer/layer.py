"""What the layers of the viewer have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPalette

from wholefield.sources.rect import Rect
from wholefield_app.viewer.colormap import Colormap
from wholefield_app.viewer.geometry import View


@dataclass(frozen=True)
class Frame:
    """What a layer needs to know to paint one frame.

    Attributes:
        view: Which part of the image is shown.
        image: The whole image, a level-0 rectangle.
        spacing: Micrometers per level-0 px along x, or None.
        palette: Colors of the theme.
    """

    view: View
    image: Rect[float]
    spacing: float | None
    palette: QPalette

    @property
    def area(self) -> QRectF:
        """The viewport in logical px."""
        return QRectF(0, 0, self.view.width / self.view.ratio, self.view.height / self.view.ratio)

    def rect(self, box: Rect[float]) -> QRectF:
        """A level-0 rectangle in logical px of the viewport."""
        return QRectF(*self.view.box_to_screen(box))


@dataclass(frozen=True)
class LegendRow:
    """One line of the legend.

    Attributes:
        text: What it says.
        color: Color of the swatch before it, or None.
        ramp: Colors of a bar drawn under it from 0 to 1; empty for none.
        outlined: Whether the swatch is an outline rather than filled.
    """

    text: str
    color: QColor | None = None
    ramp: tuple[QColor, ...] = ()
    outlined: bool = False


class Layer(ABC):
    """Something that is painted over the picture in logical px of the widget.

    Attributes:
        title: What the list of layers calls it; a layer without a title is not listed.
        visible: Whether it is painted.
        opacity: 0 to 1; None where it is always opaque.
        colormap: Colors of its values; None where it has none.
        filled: Whether areas are filled, or outlines only; None where it has no areas.
        removable: Whether it was added by hand and can be taken away again.
    """

    title: str = ""
    visible: bool = True
    opacity: float | None = None
    colormap: Colormap | None = None
    filled: bool | None = None
    removable: bool = False

    @property
    def present(self) -> bool:
        """Whether there is something to show now."""
        return True

    def look(
        self,
        *,
        visible: bool | None = None,
        opacity: float | None = None,
        colormap: Colormap | None = None,
        filled: bool | None = None,
    ) -> None:
        """Look different; what is None stays."""
        self.visible = self.visible if visible is None else visible
        self.opacity = self.opacity if opacity is None else min(max(opacity, 0.0), 1.0)
        self.colormap = self.colormap if colormap is None else colormap
        self.filled = self.filled if filled is None else filled

    @abstractmethod
    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint what lies in the view; leaves the painter's state as it was or behind save and restore."""

    def legend(self, frame: Frame) -> list[LegendRow]:
        """Lines that explain what is painted; none while nothing is."""
        del frame
        return []

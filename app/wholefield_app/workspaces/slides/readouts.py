"""The read-outs of the status bar: where the cursor is, and how large the slide is shown."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QLabel

from wholefield_app.panels.words import length

if TYPE_CHECKING:
    from wholefield.sources import ImageSource
    from wholefield_app.viewer import SlideView

# An objective of x10 is commonly scanned at 1 um a pixel.
SPACING_OF_X1_UM = 10.0


class Readouts(QObject):
    """Two labels that follow the view."""

    def __init__(self, view: "SlideView") -> None:
        super().__init__(view)
        self._view = view
        self.cursor = QLabel(minimumWidth=250, alignment=Qt.AlignmentFlag.AlignRight)
        self.zoom = QLabel(minimumWidth=200, alignment=Qt.AlignmentFlag.AlignRight)
        view.cursor_moved.connect(self._show_cursor)
        view.cursor_left.connect(self.cursor.clear)
        view.view_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Read the view again."""
        source = self._view.source
        self.zoom.setText(describe_zoom(source, self._view.scale) if source is not None else "")
        if source is None:
            self.cursor.clear()

    @Slot(float, float, object)
    def _show_cursor(self, x: float, y: float, color: tuple[int, int, int] | None) -> None:
        source = self._view.source
        inside = source is not None and 0 <= x < source.width and 0 <= y < source.height
        self.cursor.setText(
            f"{describe_position(x, y, source.spacing)}{describe_color(color)}" if inside else ""
        )


def describe_position(x: float, y: float, spacing: tuple[float, float] | None) -> str:
    """A level-0 position in px, and in um where the (y, x) spacing is known."""
    pixels = f"x {int(x)}, y {int(y)} px"
    if spacing is None:
        return pixels
    return f"{pixels}   {length(x * spacing[1])}, {length(y * spacing[0])}"


def describe_color(color: tuple[int, int, int] | None) -> str:
    """Red, green and blue as the view shows them at its level, or one number for gray; empty while nothing is there."""
    if color is None:
        return ""
    red, green, blue = color
    return f"   value {red}" if red == green == blue else f"   RGB {red}, {green}, {blue}"


def describe_zoom(source: "ImageSource", scale: float) -> str:
    """The level that is drawn, the scale in percent, and the magnification where the spacing is known."""
    percent = f"{scale:.0%}" if scale >= 0.1 else f"{scale:.1%}"
    text = f"Level {source.level_for(1 / scale)}   {percent}"
    if source.spacing is None:
        return text
    magnification = SPACING_OF_X1_UM * scale / source.spacing[1]
    return f"{text}   ×{magnification:.3g}"

"""Pictures of one size side by side, each with its name below it."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.hud import line_height, small_font

GAP = 8
SMALLEST = QSize(240, 120)


@dataclass(frozen=True)
class Pictures:
    """The pictures in the order in which they stand, with their names, and a line of words about them."""

    images: tuple[tuple[str, QImage], ...]
    line: str


class PictureRow(QWidget):
    """Shows pictures as large as they fit."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.pictures: Pictures | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(SMALLEST)

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self._theme = theme
        self.update()

    def show_pictures(self, pictures: Pictures) -> None:
        """Show these."""
        self.pictures = pictures
        self.setAccessibleName(pictures.line)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pictures as large as they fit."""
        if self.pictures is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setFont(small_font(painter))
            below = line_height(painter.font()) + 4
            images = self.pictures.images
            room = (self.width() - GAP * (len(images) - 1)) / len(images)
            for position, (name, image) in enumerate(images):
                scale = min(room / image.width(), (self.height() - below) / image.height())
                width, height = image.width() * scale, image.height() * scale
                left = position * (room + GAP) + (room - width) / 2
                place = QRectF(left, (self.height() - below - height) / 2, width, height)
                painter.fillRect(place, QColor(self._theme.canvas))
                painter.drawImage(place, image)
                painter.setPen(QColor(self._theme.muted))
                line = QRectF(left, place.bottom() + 2, width, below)
                painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, name)

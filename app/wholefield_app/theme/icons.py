"""Icons: our SVG line drawings, rendered in the colors of a theme."""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import wholefield_resources
from wholefield_app.theme.theme import Theme

FOLDER = Path(wholefield_resources.__file__).parent / "icons"
SIZES = (16, 20, 32, 40)


def icon_names() -> frozenset[str]:
    """Names of all icons that ship with the application."""
    return frozenset(path.stem for path in FOLDER.glob("*.svg"))


def icon(name: str, theme: Theme) -> QIcon:
    """The icon `name` in the text color of `theme`, grayed when disabled."""
    made = QIcon()
    for mode, color in ((QIcon.Mode.Normal, theme.text), (QIcon.Mode.Disabled, theme.faint)):
        for picture in _pictures(name, color):
            made.addPixmap(QPixmap.fromImage(picture), mode)
    return made


def pixmap(name: str, color: str, size: int) -> QPixmap:
    """Render the icon `name` with its lines in `color`, `size` pixels square."""
    return QPixmap.fromImage(_draw(_drawing(name, color), size))


def window_icon() -> QIcon:
    """The application's own icon, the same in every theme."""
    made = QIcon()
    for size in (16, 32, 64, 128):
        made.addPixmap(pixmap("wholefield", "", size))
    return made


@lru_cache(maxsize=512)
def _pictures(name: str, color: str) -> tuple[QImage, ...]:
    """A drawing in all sizes. Every window shows the same ones: they are kept, as images that need no application."""
    drawing = _drawing(name, color)
    return tuple(_draw(drawing, size) for size in SIZES)


def _drawing(name: str, color: str) -> QSvgRenderer:
    svg = (FOLDER / f"{name}.svg").read_bytes()
    return QSvgRenderer(QByteArray(svg.replace(b"currentColor", color.encode())))


def _draw(drawing: QSvgRenderer, size: int) -> QImage:
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        drawing.render(painter, QRectF(0, 0, size, size))
    return picture

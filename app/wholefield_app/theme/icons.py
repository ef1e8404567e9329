"""Icons: our SVG line drawings, rendered in the colors of a theme."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
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
        drawing = _drawing(name, color)
        for size in SIZES:
            made.addPixmap(_draw(drawing, size), mode)
    return made


def pixmap(name: str, color: str, size: int) -> QPixmap:
    """Render the icon `name` with its lines in `color`, `size` pixels square."""
    return _draw(_drawing(name, color), size)


def window_icon() -> QIcon:
    """The application's own icon, the same in every theme."""
    made = QIcon()
    for size in (16, 32, 64, 128):
        made.addPixmap(pixmap("wholefield", "", size))
    return made


def _drawing(name: str, color: str) -> QSvgRenderer:
    svg = (FOLDER / f"{name}.svg").read_bytes()
    return QSvgRenderer(QByteArray(svg.replace(b"currentColor", color.encode())))


def _draw(drawing: QSvgRenderer, size: int) -> QPixmap:
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        drawing.render(painter, QRectF(0, 0, size, size))
    return picture

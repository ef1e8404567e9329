import pytest
from PySide6.QtGui import QIcon
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from wholefield_app.theme.icons import FOLDER, icon, icon_names, pixmap, window_icon
from wholefield_app.theme.theme import Theme


@pytest.mark.parametrize("name", sorted(icon_names()))
def test_every_drawing_is_valid_and_paints_something(qapp: QApplication, name: str) -> None:
    renderer = QSvgRenderer(str(FOLDER / f"{name}.svg"))
    assert renderer.isValid()
    assert renderer.viewBoxF().width() == renderer.viewBoxF().height()
    image = pixmap(name, "#ff0000", 32).toImage()
    painted = [image.pixelColor(x, y).alpha() for x in range(32) for y in range(32)]
    assert sum(alpha > 100 for alpha in painted) > 20
    edge = [*range(32)]
    if name != "wholefield":
        assert all(image.pixelColor(x, y).alpha() == 0 for x in edge for y in (0, 31))


def test_an_icon_takes_the_colors_of_the_theme(qapp: QApplication, theme: Theme) -> None:
    made = icon("pause", theme)
    for mode, color in ((QIcon.Mode.Normal, theme.text), (QIcon.Mode.Disabled, theme.faint)):
        image = made.pixmap(40, mode).toImage()
        assert image.pixelColor(14, 20).name() == color


def test_the_window_has_an_icon(qapp: QApplication) -> None:
    assert window_icon().actualSize(window_icon().availableSizes()[-1]).width() == 128

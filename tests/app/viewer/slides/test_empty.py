import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from wholefield_app.viewer.slides.empty import paint_empty


def painted(width: int, height: int, window: str, text: str) -> QImage:
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(window))
    painter = QPainter(image)
    paint_empty(painter, QRectF(0, 0, width, height), palette)
    painter.end()
    return image


@pytest.mark.parametrize(("window", "text"), [("#1b1d22", "#e7e9ed"), ("#eef0f3", "#1b1f26")])
def test_the_invitation_is_in_the_middle_in_the_colors_of_the_theme(
    qapp: QApplication, window: str, text: str
) -> None:
    image = painted(800, 600, window, text)
    marked = [(x, y) for x in range(800) for y in range(600) if image.pixelColor(x, y) != QColor(window)]
    columns, rows = zip(*marked, strict=True)
    assert (min(columns) + max(columns)) / 2 == pytest.approx(400, abs=2)
    assert (min(rows) + max(rows)) / 2 == pytest.approx(300, abs=2)
    assert QColor(text).rgb() in {image.pixel(x, y) for x, y in marked}


def test_a_tiny_viewer_stays_plain(qapp: QApplication) -> None:
    image = painted(90, 60, "#eef0f3", "#000000")
    assert {image.pixel(x, y) for x in range(90) for y in range(60)} == {QColor("#eef0f3").rgb()}

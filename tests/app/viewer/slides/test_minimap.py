import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from tests.there import there
from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View, fitted
from wholefield_app.viewer.layer import Frame
from wholefield_app.viewer.slides.minimap import MinimapLayer, mark_in


def frame(view: View, width: int = 4000, height: int = 2000) -> Frame:
    return Frame(view, Rect(0, 0, width, height), None, QPalette())


@pytest.fixture
def minimap(qapp: QApplication) -> MinimapLayer:
    layer = MinimapLayer()
    overview = QImage(400, 200, QImage.Format.Format_RGB32)
    overview.fill(QColor(0, 120, 0))
    layer.set_overview(overview)
    return layer


ZOOMED = View(800, 600, 1.0).centered(1000, 500)


def test_it_is_in_the_upper_right_corner_in_the_shape_of_the_image(minimap: MinimapLayer) -> None:
    place = there(minimap.place(frame(ZOOMED)))
    assert place.width() == pytest.approx(2 * place.height())
    assert 780 < place.right() < 800
    assert 10 < place.top() < 20


def test_it_is_left_out_while_the_whole_image_is_in_sight(minimap: MinimapLayer) -> None:
    whole = frame(fitted(View(800, 600), 4000, 2000))
    assert minimap.place(whole) is None
    assert minimap.image_position(whole, QPointF(700, 50)) is None
    assert MinimapLayer().place(frame(ZOOMED)) is None


def test_a_position_on_it_is_a_position_of_the_image(minimap: MinimapLayer) -> None:
    place = there(minimap.place(frame(ZOOMED)))
    assert minimap.image_position(frame(ZOOMED), place.center()) == pytest.approx((2000, 1000))
    assert minimap.image_position(frame(ZOOMED), place.topLeft()) == pytest.approx((0, 0))
    assert minimap.image_position(frame(ZOOMED), QPointF(100, 100)) is None


def test_the_mark_is_where_the_view_is(minimap: MinimapLayer) -> None:
    shown = frame(ZOOMED)
    place = there(minimap.place(shown))
    mark = mark_in(place, shown)
    assert (mark.left() - place.left()) / place.width() == pytest.approx(600 / 4000)
    assert (mark.top() - place.top()) / place.height() == pytest.approx(200 / 2000)
    assert mark.width() / place.width() == pytest.approx(800 / 4000)
    deep = frame(View(800, 600, 64.0).centered(1000, 500))
    assert mark_in(place, deep).width() == 5
    assert mark_in(place, deep).center().x() - place.left() == pytest.approx(place.width() / 4)


def test_it_paints_the_overview_and_the_mark(minimap: MinimapLayer) -> None:
    image = QImage(800, 600, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    minimap.paint(painter, frame(ZOOMED))
    painter.end()
    place = there(minimap.place(frame(ZOOMED)))
    assert image.pixelColor(int(place.right()) - 10, int(place.bottom()) - 8) == QColor(0, 120, 0)
    mark = mark_in(place, frame(ZOOMED))
    found = image.pixelColor(round(mark.left()), round(mark.center().y()))
    assert found.red() > 150
    assert found.green() < 120

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame, LegendRow
from wholefield_app.viewer.legend import distinct, paint_legend


def painted(rows: list[LegendRow], beside: QRectF | None = None) -> QImage:
    image = QImage(600, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    painter = QPainter(image)
    paint_legend(painter, Frame(View(600, 400), Rect(0, 0, 10, 10), None, QPalette()), rows, beside)
    painter.end()
    return image


def colors(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name() for x in range(300, image.width()) for y in range(200, image.height())
    }


def test_no_rows_no_panel(qapp: QApplication) -> None:
    assert colors(painted([])) == {"#336699"}


def test_swatches_and_ramp_have_their_colors(qapp: QApplication) -> None:
    ramp = (QColor("#000000"), QColor("#ff00ff"))
    found = colors(painted([LegendRow("Forward", QColor("#ff8800")), LegendRow("Map", ramp=ramp)]))
    assert "#ff8800" in found
    assert any(name[1:3] == name[5:7] and name[3:5] == "00" and name > "#e000e0" for name in found)


def test_the_panel_grows_with_its_rows_and_stays_inside(qapp: QApplication) -> None:
    def height(rows: list[LegendRow]) -> int:
        image = painted(rows)
        return sum(image.pixelColor(570, y) != QColor("#336699") for y in range(400))

    one, three = [LegendRow("a fairly long text")], [LegendRow(f"a fairly long text {n}") for n in range(3)]
    assert 0 < height(one) < height(three)
    assert painted(three).pixelColor(599, 399) == QColor("#336699")


def test_it_stands_above_a_panel_that_leaves_no_room_beside_it(qapp: QApplication) -> None:
    def lowest(image: QImage) -> int:
        return max(y for y in range(400) if image.pixelColor(570, y) != QColor("#336699"))

    rows = [LegendRow("a fairly long text")]
    room = painted(rows, QRectF(12, 330, 100, 58))
    assert room == painted(rows)
    assert lowest(painted(rows, QRectF(12, 330, 520, 58))) < 330 < lowest(room)


def test_a_class_of_labels_and_prediction_is_explained_once(qapp: QApplication) -> None:
    tumor, other = LegendRow("Tumor", QColor(200, 0, 0)), LegendRow("Tumor", QColor(0, 0, 200))
    again = LegendRow("Tumor", QColor(200, 0, 0, 120))
    assert distinct([tumor, LegendRow("Stroma", QColor(200, 0, 0)), again, other]) == [
        tumor, LegendRow("Stroma", QColor(200, 0, 0)), other
    ]  # fmt: skip
    assert painted([tumor, again]) == painted([tumor])
    ramps = [LegendRow("Map", ramp=(QColor(0, 0, 0), QColor(end, 0, 0))) for end in (90, 200)]
    assert distinct(ramps) == ramps

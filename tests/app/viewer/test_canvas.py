import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPaintEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wholefield_app.viewer.canvas import Canvas

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    widget = Canvas()
    qtbot.addWidget(widget)
    widget.resize(640, 480)
    widget.show()
    widget._set_image_size(4000, 3000)
    return widget


def under(canvas: Canvas, x: float, y: float) -> tuple[float, float]:
    return canvas._view.to_image(x, y)


def wheel(canvas: Canvas, x: float, y: float, delta: int) -> None:
    position = QPointF(x, y)
    event = QWheelEvent(
        position,
        position,
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_an_image_is_shown_whole_and_stays_whole_while_the_widget_grows(canvas: Canvas) -> None:
    assert canvas.visible_rect().size().toTuple() == (4000, 3000)
    before = canvas.scale
    canvas.resize(1280, 960)
    assert canvas.scale == pytest.approx(2 * before, rel=0.01)
    assert canvas.visible_rect().size().toTuple() == (4000, 3000)


def test_a_view_that_the_user_chose_keeps_its_middle_and_zoom_when_resized(canvas: Canvas) -> None:
    canvas.zoom_to(1.0)
    canvas.center_on(1200, 900)
    canvas.resize(900, 300)
    assert canvas.scale == 1.0
    assert canvas.visible_rect().center().toTuple() == pytest.approx((1200, 900), abs=1)


def test_the_wheel_zooms_about_the_cursor(canvas: Canvas) -> None:
    canvas.zoom_to(0.5)
    before = under(canvas, 400, 150)
    wheel(canvas, 400, 150, 240)
    assert canvas.scale == pytest.approx(1.0)
    assert under(canvas, 400, 150) == pytest.approx(before, abs=1)
    wheel(canvas, 400, 150, -240)
    assert canvas.scale == pytest.approx(0.5)


def test_a_pinch_zooms_about_the_fingers(canvas: Canvas) -> None:
    canvas.zoom_to(0.5)
    before = under(canvas, 200, 300)
    position = QPointF(200, 300)
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        position,
        position,
        position,
        0.25,
        QPointF(),
    )
    QApplication.sendEvent(canvas, event)
    assert canvas.scale == pytest.approx(0.625)
    assert under(canvas, 200, 300) == pytest.approx(before, abs=1)


def test_a_drag_takes_the_image_along_and_is_no_click(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(1.0)
    grabbed = under(canvas, 300, 200)
    clicks: list[tuple[float, float]] = []
    canvas.clicked.connect(lambda x, y: clicks.append((x, y)))
    qtbot.mousePress(canvas, LEFT, pos=QPoint(300, 200))
    for step in (QPoint(310, 205), QPoint(340, 260), QPoint(222, 190)):
        qtbot.mouseMove(canvas, step)
        assert under(canvas, step.x(), step.y()) == pytest.approx(grabbed, abs=1e-6)
    assert canvas.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(222, 190))
    assert canvas.cursor().shape() == Qt.CursorShape.ArrowCursor
    assert clicks == []


def test_a_click_tells_where(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(1.0)
    expected = list(under(canvas, 100, 50))
    with qtbot.waitSignal(canvas.clicked) as caught:
        qtbot.mouseClick(canvas, LEFT, pos=QPoint(100, 50))
    assert caught.args == pytest.approx(expected)


def test_a_double_click_zooms_in_and_with_shift_out(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(0.5)
    before = under(canvas, 100, 400)
    qtbot.mouseDClick(canvas, LEFT, pos=QPoint(100, 400))
    assert canvas.scale == pytest.approx(1.0)
    assert under(canvas, 100, 400) == pytest.approx(before, abs=1)
    qtbot.mouseDClick(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, QPoint(100, 400))
    assert canvas.scale == pytest.approx(0.5)


def test_keys_move_the_view(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(1.0)
    canvas.center_on(2000, 1500)
    for key, moved in ((Qt.Key.Key_Right, (80, 0)), (Qt.Key.Key_Down, (80, 60)), (Qt.Key.Key_Left, (0, 60))):
        qtbot.keyClick(canvas, key)
        x, y = canvas.visible_rect().center().toTuple()
        assert (x - 2000, y - 1500) == pytest.approx(moved, abs=1)
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.scale == pytest.approx(1.5)
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.scale == pytest.approx(1 / 1.5)
    qtbot.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.scale == pytest.approx(1.0)
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.visible_rect().size().toTuple() == (4000, 3000)


def test_the_image_cannot_be_lost(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(1.0)
    canvas.center_on(-9e9, 9e9)
    assert not canvas.visible_rect().isEmpty()
    for _ in range(40):
        canvas.zoom_in()
    assert canvas.scale == 64
    for _ in range(60):
        canvas.zoom_out()
    assert canvas.visible_rect().width() > 0
    assert canvas.scale < 0.16


def test_the_cursor_is_reported_until_it_leaves(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(1.0)
    with qtbot.waitSignal(canvas.cursor_moved) as caught:
        qtbot.mouseMove(canvas, QPoint(20, 30))
    x, y, color = caught.args
    assert (x, y) == pytest.approx(under(canvas, 20, 30))
    assert color is None
    with qtbot.waitSignal(canvas.cursor_left):
        QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))


def test_view_changed_is_told_once_for_a_change_and_not_without_one(canvas: Canvas) -> None:
    told: list[float] = []
    canvas.view_changed.connect(lambda: told.append(canvas.scale))
    canvas.zoom_to(1.0)
    canvas.zoom_to(1.0)
    assert told == [1.0]


def test_without_an_image_nothing_happens(qtbot: QtBot) -> None:
    widget = Canvas()
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    told: list[int] = []
    widget.view_changed.connect(lambda: told.append(1))
    widget.clicked.connect(lambda x, y: told.append(2))
    widget.fit()
    widget.zoom_in()
    widget.center_on(5, 5)
    wheel(widget, 10, 10, 120)
    qtbot.mouseClick(widget, LEFT, pos=QPoint(10, 10))
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert told == []
    assert widget.visible_rect().isEmpty()


def test_an_error_while_painting_is_raised_and_does_not_end_the_process(qtbot: QtBot) -> None:
    class Broken(Canvas):
        def paintEvent(self, event: QPaintEvent) -> None:
            raise TypeError("no paint")

    with pytest.raises(TypeError, match="no paint"):
        Broken().grab()


def test_a_screen_of_another_density_shows_the_same_part(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.zoom_to(1.0)
    canvas.center_on(2000, 1500)
    before = canvas.visible_rect()
    monkeypatch.setattr(canvas, "devicePixelRatioF", lambda: 2.0)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert canvas.scale == 2.0
    assert canvas.visible_rect().getRect() == pytest.approx(before.getRect(), abs=1)

"""The rate strip: what is drawn, and what the mouse does on it."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from wholefield.sources.events.recording import TRIGGER_DTYPE
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.rate_strip import HEIGHT, RateStrip, columns_of, rate_text
from wholefield_app.viewer.events.timeline import Span

WIDTH = 401


@pytest.fixture
def strip(qapp: QApplication, theme: Theme) -> Iterator[RateStrip]:
    made = RateStrip(theme)
    made.resize(WIDTH, HEIGHT)
    made.show()
    made.show_recording(400_000, np.array([0, 0, 10, 5], np.int64))
    yield made
    made.close()


def at(time_us: int) -> QPoint:
    return QPoint(time_us // 1000, HEIGHT // 2)


def test_bars_are_as_high_as_the_rate(strip: RateStrip, theme: Theme) -> None:
    picture = strip.grab().toImage()
    heights = [
        sum(picture.pixelColor(x, y).name() == theme.accent for y in range(HEIGHT))
        for x in (50, 150, 250, 350)
    ]
    assert heights[0] == heights[1] == 0
    assert heights[2] == pytest.approx(2 * heights[3], abs=1)
    assert heights[2] > HEIGHT / 2


def test_columns_take_the_highest_rate_of_their_part() -> None:
    rate = np.array([1, 9, 2, 3, 7, 7, 0])
    np.testing.assert_array_equal(columns_of(rate, 3), [9, 3, 7])
    np.testing.assert_array_equal(columns_of(rate, 14), np.repeat(rate, 2))


def test_a_click_and_a_drag_move_the_playhead(strip: RateStrip, qtbot: QtBot) -> None:
    times: list[int] = []
    strip.scrubbed.connect(times.append)
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=at(100_000))
    qtbot.mouseMove(strip, at(200_000))
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=at(200_000))
    qtbot.mouseMove(strip, at(300_000))
    assert times == [100_000, 200_000]


@pytest.mark.parametrize(
    ("button", "keys"),
    [
        (Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier),
        (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_a_drag_chooses_a_stretch_in_either_direction(
    strip: RateStrip, qtbot: QtBot, button: Qt.MouseButton, keys: Qt.KeyboardModifier
) -> None:
    spans: list[Span] = []
    times: list[int] = []
    strip.span_chosen.connect(spans.append)
    strip.scrubbed.connect(times.append)
    qtbot.mousePress(strip, button, keys, at(300_000))
    qtbot.mouseMove(strip, at(100_000))
    qtbot.mouseRelease(strip, button, keys, at(100_000))
    assert spans[-1] == Span(100_000, 300_000)
    assert not times


def test_an_end_of_the_stretch_is_taken_and_moved(strip: RateStrip, qtbot: QtBot) -> None:
    spans: list[Span | None] = []
    strip.span_chosen.connect(spans.append)
    strip.show_span(Span(100_000, 300_000))
    qtbot.mousePress(strip, Qt.MouseButton.RightButton, pos=at(297_000))
    qtbot.mouseMove(strip, at(350_000))
    assert spans[-1] == Span(100_000, 350_000)
    qtbot.mouseRelease(strip, Qt.MouseButton.RightButton, pos=at(350_000))
    qtbot.mouseDClick(strip, Qt.MouseButton.LeftButton, pos=at(200_000))
    assert spans[-1] is None


def test_the_playhead_and_the_stretch_are_drawn(strip: RateStrip, theme: Theme) -> None:
    before = strip.grab().toImage()
    strip.show_time(100_000)
    strip.show_span(Span(200_000, 300_000))
    after = strip.grab().toImage()
    changed = [x for x in range(WIDTH) if before.pixel(x, 40) != after.pixel(x, 40)]
    assert 100 in changed
    assert after.pixelColor(200, 40).name() == theme.reverse
    assert not [x for x in changed if 203 < x < 297]


def test_triggers_are_marked_and_told(strip: RateStrip, theme: Theme, qtbot: QtBot) -> None:
    strip.show_triggers(np.array([(1, 120_000, 3)], TRIGGER_DTYPE))
    picture = strip.grab().toImage()
    assert [x for x in range(WIDTH) if picture.pixelColor(x, HEIGHT - 4).name() == theme.warning] == [120]

    def tip_at(x: int) -> str:
        place = QPoint(x, HEIGHT - 4)
        strip.event(QHelpEvent(QEvent.Type.ToolTip, place, strip.mapToGlobal(place)))
        return QToolTip.text()

    assert tip_at(121) == "Trigger 1 of 1: channel 3 rises at 120.000 ms"
    assert tip_at(300).startswith("Events over time.")
    QToolTip.hideText()
    strip.show_recording(400_000, np.array([1, 1], np.int64))
    assert strip.grab().toImage().pixelColor(120, HEIGHT - 4).name() == theme.accent


def test_a_note_stands_in_for_a_rate_that_is_not_known(strip: RateStrip) -> None:
    strip.show_recording(400_000, np.zeros(0, np.int64))
    empty = strip.grab().toImage()
    strip.show_recording(400_000, np.zeros(0, np.int64), "counting…")
    assert strip.grab().toImage() != empty


def test_rates_are_said_in_the_unit_that_suits_them() -> None:
    assert [rate_text(rate) for rate in (12.0, 165_000, 10.8e6)] == [
        "12 events/s", "165 thousand events/s", "10.8 million events/s",
    ]  # fmt: skip

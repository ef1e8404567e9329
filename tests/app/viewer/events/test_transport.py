"""The bar and its player agree, whoever changes something."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.player import SPEEDS, Player
from wholefield_app.viewer.events.transport import TIME_STEPS, Transport, speed_text


@pytest.fixture
def player(qapp: QApplication) -> Iterator[Player]:
    made = Player()
    made.set_duration(2_000_000)
    yield made
    made.stop()


@pytest.fixture
def bar(player: Player, theme: Theme) -> Transport:
    return Transport(player, theme)


def test_slider_and_number_follow_the_player_and_move_it(bar: Transport, player: Player) -> None:
    player.go_to(500_000)
    assert bar.slider.value() == TIME_STEPS // 4
    assert bar.time.value() == 500_000
    bar.slider.setValue(TIME_STEPS // 2)
    assert player.time_us == 1_000_000
    assert bar.time.value() == 1_000_000
    bar.time.setValue(123_456)
    assert player.time_us == 123_456
    assert bar.clock.text() == "of 2.000000 s"


def test_long_recordings_are_shown_in_full(bar: Transport, player: Player) -> None:
    player.set_duration(10**10)
    player.go_to(9_876_543_210)
    assert bar.time.value() == 9_876_543_210


def test_buttons_play_step_and_loop(bar: Transport, player: Player) -> None:
    steps: list[int] = []
    bar.step_wanted.connect(steps.append)
    for playing in (True, False):
        bar.play.click()
        assert player.playing is playing
    bar.on.click()
    bar.back.click()
    assert steps == [1, -1]
    bar.loop.click()
    assert not player.loops
    player.set_loops(True)
    assert bar.loop.isChecked()


def test_every_speed_can_be_chosen(bar: Transport, player: Player) -> None:
    for row, speed in enumerate(SPEEDS):
        bar.speed.setCurrentIndex(row)
        assert player.speed == speed
    assert [speed_text(speed) for speed in (1.0, 0.5, 0.001)] == ["Real time", "1/2 ×", "1/1,000 ×"]
    player.set_speed(0.1)
    assert bar.speed.currentText() == "1/10 ×"


def test_the_accumulation_time_is_typed_or_slid(bar: Transport) -> None:
    told: list[int] = []
    bar.accumulation_changed.connect(told.append)
    bar.show_accumulation(5_000)
    bar.accumulation.setValue(12_345)
    assert told == [12_345]
    bar.accumulation_slider.setValue(0)
    assert told[-1] == 10
    assert bar.accumulation.value() == 10
    bar.show_accumulation(50_000)
    assert bar.accumulation.value() == 50_000
    assert told[-1] == 10

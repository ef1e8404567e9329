"""The playhead on a clock that the test turns."""

import pytest
from PySide6.QtWidgets import QApplication

from wholefield_app.viewer.events.player import Player
from wholefield_app.viewer.events.timeline import Span


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def player(qapp: QApplication, clock: Clock) -> Player:
    made = Player(clock)
    made.set_duration(1_000_000)
    return made


def let_pass(player: Player, clock: Clock, seconds: float) -> None:
    clock.now += seconds
    player.tick()


def test_time_passes_while_it_plays(player: Player, clock: Clock) -> None:
    moved: list[int] = []
    player.moved.connect(moved.append)
    player.play()
    assert player.playing
    for _ in range(4):
        let_pass(player, clock, 0.1)
    assert moved == pytest.approx([100_000, 200_000, 300_000, 400_000], abs=1)
    player.toggle()
    assert not player.playing


def test_slow_motion_loses_nothing_between_ticks(player: Player, clock: Clock) -> None:
    player.set_speed(0.001)
    player.play()
    for _ in range(1000):
        let_pass(player, clock, 0.0007)
    player.stop()
    assert player.time_us == pytest.approx(700, abs=1)


def test_at_the_end_it_starts_again_or_stops(player: Player, clock: Clock) -> None:
    player.go_to(900_000)
    player.play()
    let_pass(player, clock, 0.25)
    assert player.time_us == pytest.approx(150_000, abs=1)
    player.set_loops(False)
    let_pass(player, clock, 2.0)
    assert player.time_us == 1_000_000
    assert not player.playing
    player.play()
    assert player.time_us == 0
    player.stop()


def test_only_the_chosen_stretch_is_played(player: Player, clock: Clock) -> None:
    player.choose(Span(200_000, 300_000))
    player.play()
    assert player.time_us == 200_000
    let_pass(player, clock, 0.13)
    assert player.time_us == pytest.approx(230_000, abs=1)
    player.choose(Span(5, 5))
    assert player.chosen is None
    assert player.span == Span(0, 1_000_000)
    player.stop()


def test_steps_stop_and_stay_inside(player: Player) -> None:
    player.play()
    player.step(400_000)
    assert not player.playing
    assert player.time_us == 400_000
    player.step(-999_999_999)
    assert player.time_us == 0
    player.step(999_999_999)
    assert player.time_us == 1_000_000


def test_times_beyond_36_minutes_are_told_in_full(player: Player) -> None:
    moved: list[int] = []
    player.moved.connect(moved.append)
    player.set_duration(10**11)
    player.go_to(98_765_432_109)
    assert moved == [98_765_432_109]


def test_a_shorter_recording_takes_the_playhead_and_the_stretch_along(player: Player) -> None:
    player.go_to(800_000)
    player.choose(Span(700_000, 900_000))
    player.set_duration(500_000)
    assert (player.time_us, player.chosen, player.duration_us) == (500_000, None, 500_000)


def test_nothing_is_played_while_nothing_is_open(qapp: QApplication) -> None:
    player = Player()
    player.play()
    assert not player.playing

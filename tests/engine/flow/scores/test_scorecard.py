"""The score card: true flow beats the yardsticks, the spinner's figures, and words for what FWL cannot tell."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.scores.scorecard import TRANSLATION, ZERO, score_flow
from wholefield.flow.scores.sharpness import flow_warp_loss, median_motion, window_of_enough_motion
from wholefield.flow.simulator import SceneSettings, simulate
from wholefield.flow.warping.events import Trajectory

SCENE = SceneSettings(96, 72, 80_000, planes=2, shot_hz=0, leak_hz=0, label_delta_us=80_000)


def test_the_true_flow_beats_both_yardsticks() -> None:
    events, labels = simulate(replace(SCENE, turn=3.0), 1)
    truth = labels[0] / 0.08
    card = score_flow(events, truth, 0, 80_000, truth)
    assert [score.name for score in card.scores] == ["flow", TRANSLATION, ZERO]
    ours, constant, none = card.scores
    assert ours.fwl > 1.05 * constant.fwl > 1.2 * none.fwl
    assert (none.fwl, none.leaving) == (1, 0)
    assert ours.errors
    assert constant.errors
    assert none.errors
    assert (ours.errors.aee, none.errors.of_zero) == (0, 1)
    assert 0 < constant.errors.of_zero < 1
    assert card.enough_motion


def test_the_card_is_a_table(make_events: Callable[..., np.ndarray]) -> None:
    events, flow = make_events(200, 20, 16, 50_000), np.full((2, 16, 20), 40.0)
    card = score_flow(events, flow, 0, 50_000)
    lines = card.text().splitlines()
    assert lines[0].split() == ["FWL", "leaving"]
    assert [line.split("  ")[0] for line in lines[1:4]] == ["flow", TRANSLATION, ZERO]
    assert lines[4].startswith("200 events from 0 to 50 ms")
    with_truth = score_flow(events, flow, 0, 50_000, flow, name="ours").text()
    assert "AEE/zero" in with_truth
    assert with_truth.splitlines()[1].startswith("ours")


def test_little_motion_is_said() -> None:
    from wholefield.sources.events.recording import EVENT_DTYPE

    empty = score_flow(np.zeros(0, EVENT_DTYPE), np.zeros((2, 16, 20)), 0, 50_000)
    assert not empty.enough_motion
    assert "choose a longer one" in empty.text()
    assert [score.fwl for score in empty.scores] == [1, 1, 1]
    still = np.zeros((2, 16, 20))
    assert score_flow(np.zeros(0, EVENT_DTYPE), still, 0, 50_000, still).flow.errors is None


def test_events_that_leave_are_counted(make_events: Callable[..., np.ndarray]) -> None:
    events = make_events(4000, 20, 16, 10_000)
    flow = np.zeros((2, 16, 20))
    flow[0] = 1000.0
    # In 10 ms events move 10 px; at the middle an event of time t has moved 5 - t / 1000 px: 1/8 of 20 px on average.
    assert flow_warp_loss(events, flow, 5000)[1] == pytest.approx(1 / 8, abs=0.02)


def test_flow_of_several_parts_is_walked_through() -> None:
    settings = replace(SCENE, label_delta_us=20_000, turn=3.0)
    events, labels = simulate(settings, 1)
    one = score_flow(events, labels.mean(0) / 0.02, 0, 80_000).flow
    four = score_flow(events, labels / 0.02, 0, 80_000).flow
    assert four.fwl > 0.95 * one.fwl
    assert four.fwl > 1.5


def test_window_of_enough_motion(recording: object) -> None:
    flow = np.full((2, 23, 37), 100.0)
    start, end = window_of_enough_motion(recording, flow, 50_000)
    assert end - start == pytest.approx(5 / np.hypot(100, 100) * 1e6, rel=1e-4)
    assert (start + end) // 2 == pytest.approx(50_000, abs=1)
    assert window_of_enough_motion(recording, 0 * flow, 50_000) == (0, 200_000)
    events = recording.events(start, end)
    assert median_motion(events, flow, end - start) == pytest.approx(5, rel=1e-4)


def test_wrong_windows_and_sizes_are_refused(make_events: Callable[..., np.ndarray]) -> None:
    events = make_events(20, 20, 16, 1000)
    with pytest.raises(SettingError, match="is empty"):
        score_flow(events, np.zeros((2, 16, 20)), 5, 5)
    with pytest.raises(SettingError, match="at sensor size"):
        score_flow(events, np.zeros((2, 8, 10)), 0, 1000)


@pytest.mark.data
def test_the_spinner_turns_at_its_known_speed(data_folder: Path) -> None:
    """FWL of omega x r, mean over the five windows of 10 ms: about 3.69 at the fit and 2.87 at +-10 %."""
    from wholefield.sources.events.opening import open_recording

    y, x = np.mgrid[:480, :640].astype(float)
    field = 121.8 * np.stack([-(y - 202.3), x - 314.3])
    with open_recording(data_folder / "events" / "spinner_evt2_640x480.raw") as spinner:
        windows = [spinner.events(start, start + 10_000) for start in range(0, 50_000, 10_000)]

    def fwl(factor: float) -> float:
        middles = range(5000, 50_000, 10_000)
        walks = [
            flow_warp_loss(events, factor * field, middle, Trajectory(steps=8))[0]
            for events, middle in zip(windows, middles, strict=True)
        ]
        return float(np.mean(walks))

    assert fwl(1) == pytest.approx(3.69, rel=0.03)
    assert fwl(0.9) == pytest.approx(2.87, rel=0.04)
    assert fwl(1.1) == pytest.approx(2.87, rel=0.04)
    assert fwl(0) == 1

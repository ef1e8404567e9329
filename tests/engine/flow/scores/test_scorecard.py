"""The score card: the true flow beats both baselines, and the card says what FWL cannot tell."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.scores.scorecard import TRANSLATION, ZERO, score_flow
from wholefield.flow.simulator import SceneSettings, simulate

SCENE = SceneSettings(96, 72, 80_000, planes=2, shot_hz=0, leak_hz=0, label_delta_us=80_000)


def test_the_true_flow_beats_both_baselines() -> None:
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


def test_little_motion_is_reported() -> None:
    from wholefield.sources.events.recording import EVENT_DTYPE

    empty = score_flow(np.zeros(0, EVENT_DTYPE), np.zeros((2, 16, 20)), 0, 50_000)
    assert not empty.enough_motion
    assert "choose a longer one" in empty.text()
    assert [score.fwl for score in empty.scores] == [1, 1, 1]
    still = np.zeros((2, 16, 20))
    assert score_flow(np.zeros(0, EVENT_DTYPE), still, 0, 50_000, still).flow.errors is None


def test_flow_of_several_parts_is_followed_part_by_part() -> None:
    settings = replace(SCENE, label_delta_us=20_000, turn=3.0)
    events, labels = simulate(settings, 1)
    one = score_flow(events, labels.mean(0) / 0.02, 0, 80_000).flow
    four = score_flow(events, labels / 0.02, 0, 80_000).flow
    assert four.fwl > 0.95 * one.fwl
    assert four.fwl > 1.5


def test_wrong_windows_and_sizes_are_refused(make_events: Callable[..., np.ndarray]) -> None:
    events = make_events(20, 20, 16, 1000)
    with pytest.raises(SettingError, match="is empty"):
        score_flow(events, np.zeros((2, 16, 20)), 5, 5)
    with pytest.raises(SettingError, match="at sensor size"):
        score_flow(events, np.zeros((2, 8, 10)), 0, 1000)

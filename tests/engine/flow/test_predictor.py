"""Flow at any moment: units, warm state, playing and jumping."""

import numpy as np
import pytest
import torch

from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.predictor import FlowInput, FlowPredictor
from wholefield.sources.events.recording import EVENT_DTYPE


class Clip:
    """100 ms of events at random on 21 x 17 px."""

    width, height, duration_us = 21, 17, 100_000

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.all = np.zeros(4000, EVENT_DTYPE)
        self.all["x"], self.all["y"] = random.integers(0, 21, 4000), random.integers(0, 17, 4000)
        self.all["p"], self.all["t"] = random.integers(0, 2, 4000), np.sort(random.integers(0, 100_000, 4000))

    def events(self, start_us: int, end_us: int) -> np.ndarray:
        first, last = np.searchsorted(self.all["t"], [start_us, end_us])
        return self.all[first:last]


def network() -> FlowNetwork:
    torch.manual_seed(0)
    made = FlowNetwork((1, 6, 17, 21), {"l1": 1.0}, base=2)
    made.scale.fill_(0.02)
    return made.eval()


def by_hand(first: int, count: int, factor: int = 0) -> np.ndarray:
    """Flow of the last of some bins of 5 ms, from a fresh state, in px of the features per bin."""
    net, given = network(), FlowInput(5000, downsampling_factor=factor)
    features = torch.from_numpy(given.features(Clip(), first, count))[:, None]
    with torch.no_grad():
        return net(features)[-1][-1, 0].numpy()


def test_the_bin_that_ends_at_a_moment_after_warming_up() -> None:
    predictor = FlowPredictor(network(), FlowInput(5000), Clip(), warm_up=3)
    found = predictor.flow_at(52_300)
    assert found.shape == (2, 17, 21)
    np.testing.assert_allclose(found, by_hand(32_300, 4) * 200, rtol=1e-4, atol=1e-4)


def test_early_moments_show_the_first_bin() -> None:
    predictor = FlowPredictor(network(), FlowInput(5000), Clip())
    np.testing.assert_allclose(predictor.flow_at(0), by_hand(0, 1) * 200, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(predictor.flow_at(12_000), by_hand(2000, 2) * 200, rtol=1e-4, atol=1e-4)


def test_playback_continues_from_the_last_state_and_a_jump_does_not() -> None:
    predictor = FlowPredictor(network(), FlowInput(5000), Clip(), warm_up=1)
    whole = [flow for _, flow in predictor.flows()]
    assert len(whole) == 20
    np.testing.assert_allclose(whole[9], by_hand(0, 10) * 200, rtol=1e-3, atol=1e-3)
    assert predictor.flow_at(100_000) is predictor.flow_at(100_000)
    np.testing.assert_allclose(predictor.flow_at(50_000), by_hand(40_000, 2) * 200, rtol=1e-4, atol=1e-4)


def test_flow_is_given_in_px_of_the_sensor() -> None:
    predictor = FlowPredictor(network(), FlowInput(5000, downsampling_factor=1), Clip(), warm_up=0)
    found, coarse = predictor.flow_at(50_000), by_hand(45_000, 1, factor=1)
    assert found.shape == (2, 17, 21)
    assert coarse.shape == (2, 9, 11)
    np.testing.assert_allclose(found[:, 0, 0], coarse[:, 0, 0] * 400, rtol=1e-4, atol=1e-4)
    assert found.mean() == pytest.approx(coarse.mean() * 400, rel=0.3)


def test_a_part_of_a_recording() -> None:
    predictor = FlowPredictor(network(), FlowInput(5000), Clip())
    assert [start for start, _ in predictor.flows(10_000, 23_000)] == [10_000, 15_000, 20_000]

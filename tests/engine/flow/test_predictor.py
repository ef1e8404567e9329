"""Flow at any moment: units, anchors of the state, and one flow for a moment however one comes to it."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.predictor import SECTION, WARM_UP, Flow, FlowInput, FlowPredictor
from wholefield.networks.flow import FEATURE_EXTRACTORS
from wholefield.sources.events.recording import EVENT_DTYPE

BINS = 20


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


def network(name: str = "eminet", cell: str = "lstm") -> FlowNetwork:
    torch.manual_seed(0)
    made = FlowNetwork((1, 6, 17, 21), {"l1": 1.0}, name, base=2, scales=2, rnn_cell=cell)
    made.scale.fill_(0.02)
    return made.eval()


def predictor(**options: int) -> FlowPredictor:
    return FlowPredictor(network(), FlowInput(5000), Clip(), **options)


def by_hand(first: int, count: int, factor: int = 0) -> Flow:
    """Flow of the last of some bins of 5 ms, from a fresh state and all at once, in px of the features per bin."""
    net, given = network(), FlowInput(5000, downsampling_factor=factor)
    features = torch.from_numpy(given.features(Clip(), first * 5000, count))[:, None]
    with torch.no_grad():
        found: Flow = net(features)[-1][-1, 0].numpy()
    return found


@pytest.mark.parametrize(("index", "first"), [(0, 0), (3, 0), (7, 0), (8, 4), (15, 4), (16, 12), (19, 12)])
def test_state_is_run_in_from_the_anchor_before_the_section(index: int, first: int) -> None:
    assert (SECTION, WARM_UP) == (8, 4)
    found = predictor().flow_of(index)
    assert found.shape == (2, 17, 21)
    np.testing.assert_allclose(found, by_hand(first, index + 1 - first) * 200, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("time_us", "index"), [(-5, 0), (0, 0), (5000, 0), (5001, 1), (52_300, 10), (55_000, 10)]
)
def test_a_moment_has_the_flow_of_its_bin(time_us: int, index: int) -> None:
    np.testing.assert_array_equal(predictor().flow_at(time_us), predictor().flow_of(index))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("name", list(FEATURE_EXTRACTORS))
def test_a_moment_has_one_flow_however_one_comes_to_it(name: str, cell: str) -> None:
    """Played, played over gaps, jumped to by a predictor of its own, scrubbed at random, and in reverse."""

    def fresh() -> FlowPredictor:
        return FlowPredictor(network(name, cell), FlowInput(5000), Clip())

    played = [flow for _, flow in fresh().flows()]
    assert len(played) == BINS
    # The flows differ from bin to bin, so that a mistaken bin would be seen.
    assert all(np.abs(one - other).max() > 1e-3 for one, other in pairwise(played))
    random = np.random.default_rng(1).integers(0, BINS, 3 * BINS)
    ways = [range(BINS - 1, -1, -1), range(0, BINS, 3), range(1, BINS, 7), map(int, random)]
    for way in ways:
        scrubbed = fresh()
        for index in way:
            np.testing.assert_allclose(scrubbed.flow_of(index), played[index], rtol=1e-5, atol=1e-5)
    for index in (7, 8, 13, 19):
        np.testing.assert_allclose(fresh().flow_of(index), played[index], rtol=1e-5, atol=1e-5)


def test_the_same_flow_is_not_computed_twice() -> None:
    made = predictor()
    assert made.flow_at(100_000) is made.flow_at(100_000)


def test_flow_is_given_in_px_of_the_sensor() -> None:
    halved = FlowPredictor(network(), FlowInput(5000, downsampling_factor=1), Clip(), warm_up=0, section=1)
    found, coarse = halved.flow_of(9), by_hand(9, 1, factor=1)
    assert found.shape == (2, 17, 21)
    assert coarse.shape == (2, 9, 11)
    np.testing.assert_allclose(found[:, 0, 0], coarse[:, 0, 0] * 400, rtol=1e-4, atol=1e-4)
    assert found.mean() == pytest.approx(coarse.mean() * 400, rel=0.3)


def test_a_part_of_a_recording_has_whole_bins() -> None:
    parts = list(predictor().flows(12_000, 23_000))
    assert [start for start, _ in parts] == [10_000, 15_000, 20_000]
    whole = dict(predictor().flows())
    for start, flow in parts:
        np.testing.assert_allclose(flow, whole[start], rtol=1e-5, atol=1e-5)

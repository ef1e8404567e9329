"""The contrast loss against its formula, written as loops in float64."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from wholefield.flow.losses.contrast import ContrastLoss, ContrastMeasure, contrast_loss, event_list
from wholefield.flow.simulator import SceneSettings, simulate
from wholefield.flow.warping.splat_kernels import flow_at

BINS, BATCH, HEIGHT, WIDTH = 4, 2, 6, 7
BOTH = list(ContrastMeasure)


@pytest.fixture
def events(make_events: Callable[..., np.ndarray]) -> Tensor:
    parts = [make_events(60, WIDTH, HEIGHT, BINS * 1000, seed) for seed in range(BATCH)]
    return event_list(parts, 0, 1000).double()


@pytest.fixture
def flow() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(BINS, BATCH, 2, HEIGHT, WIDTH, generator=generator, dtype=torch.float64) * 0.4


def slow_track(event: np.ndarray, flow: np.ndarray) -> dict[int, tuple[float, float]]:
    """Where an event is at every border between bins."""
    element, t = int(event[0]), event[3]
    places = {}
    x, y, now = event[1], event[2], t
    for j in range(math.floor(t) + 1, BINS + 1):
        u, v = flow_at(flow[j - 1, element], x, y)
        x, y, now = x + (j - now) * u, y + (j - now) * v, j
        places[j] = x, y
    x, y, now = event[1], event[2], t
    for j in range(math.floor(t), -1, -1):
        u, v = flow_at(flow[j, element], x, y)
        x, y, now = x + (j - now) * u, y + (j - now) * v, j
        places[j] = x, y
    return places


def slow_images(kept: list[Any], j: int, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts and sums of closeness (polarity, H, W), and the count of the unmoved events."""
    count, total, still = (
        np.zeros((2, HEIGHT, WIDTH)),
        np.zeros((2, HEIGHT, WIDTH)),
        np.zeros((HEIGHT, WIDTH)),
    )
    for event, places in kept:
        for row in range(HEIGHT):
            for column in range(WIDTH):
                x, y = places[j]
                share = max(0, 1 - abs(column - x)) * max(0, 1 - abs(row - y))
                count[int(event[4]), row, column] += share
                total[int(event[4]), row, column] += share * (1 - abs(event[3] - j) / length)
        still[int(event[2]), int(event[1])] += 1
    return count, total, still


def slow_loss(events: np.ndarray, flow: np.ndarray, scales: int, measure: ContrastMeasure) -> float:
    tracks = [(event, slow_track(event, flow)) for event in events]
    by_scale = []
    for scale in range(scales):
        length, windows = BINS // 2**scale, []
        for a in range(0, BINS, length):
            for j in range(a, a + length + 1):
                for element in range(BATCH):
                    kept = [
                        (event, places)
                        for event, places in tracks
                        if event[0] == element
                        and a <= event[3] < a + length
                        and all(
                            0 <= places[r][0] <= WIDTH - 1 and 0 <= places[r][1] <= HEIGHT - 1
                            for r in range(a, a + length + 1)
                        )
                    ]
                    count, total, still = slow_images(kept, j, length)
                    if measure is ContrastMeasure.VARIANCE:
                        windows.append(still.var() / count.sum(0).var())
                    else:
                        average = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
                        windows.append((average**2).sum() / (count.sum(0) > 0).sum())
        by_scale.append(np.mean(windows))
    return float(np.mean(by_scale))


@pytest.mark.parametrize("measure", BOTH)
@pytest.mark.parametrize("scales", [1, 3])
def test_formula(events: Tensor, flow: Tensor, scales: int, measure: ContrastMeasure) -> None:
    expected = slow_loss(events.numpy(), flow.numpy(), scales, measure)
    assert contrast_loss(events, flow, scales, measure).item() == pytest.approx(expected, rel=1e-6)
    shuffled = events[torch.randperm(len(events), generator=torch.Generator().manual_seed(1))]
    assert ContrastLoss(scales, measure)(shuffled, flow).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("measure", BOTH)
def test_gradcheck(events: Tensor, flow: Tensor, measure: ContrastMeasure) -> None:
    flow.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda f: contrast_loss(events, f, 3, measure), (flow,), atol=1e-4, fast_mode=True
    )


@pytest.mark.parametrize("measure", BOTH)
def test_windows_shorter_than_a_bin_are_left_out(
    events: Tensor, flow: Tensor, measure: ContrastMeasure
) -> None:
    three = contrast_loss(events, flow, 3, measure)
    assert contrast_loss(events, flow, 9, measure) == three
    assert torch.isfinite(contrast_loss(events, flow[:3], 3, measure))


@pytest.mark.parametrize("measure", BOTH)
def test_without_events_there_is_no_loss(flow: Tensor, measure: ContrastMeasure) -> None:
    flow.requires_grad_()
    loss = contrast_loss(torch.zeros(0, 5), flow, 2, measure)
    loss.backward()
    assert loss == 0
    assert flow.grad is not None
    assert not flow.grad.any()


@pytest.mark.parametrize("measure", BOTH)
def test_the_true_flow_is_best(measure: ContrastMeasure) -> None:
    settings = SceneSettings(96, 72, 80_000, planes=2, shot_hz=0, leak_hz=0, label_delta_us=20_000)
    found, labels = simulate(replace(settings, speed=300), 1)
    table = event_list([found], 0, 20_000)
    truth = torch.from_numpy(labels)[:, None]
    losses = {
        factor: contrast_loss(table, factor * truth, 3, measure).item() for factor in (-1, 0, 0.7, 1, 1.3)
    }
    assert min(losses, key=losses.__getitem__) == 1
    assert losses[1] < 0.9 * losses[0]


def test_float32_is_close_to_float64(events: Tensor, flow: Tensor) -> None:
    precise = contrast_loss(events, flow).item()
    assert contrast_loss(events.float(), flow.float()).item() == pytest.approx(precise, rel=1e-5)


def test_event_list_halves_the_frame(make_events: Callable[..., np.ndarray]) -> None:
    table = event_list([make_events(50, 8, 6, 1000)], 0, 500, factor=1)
    assert table.dtype == torch.float32
    assert set(table[:, 1].tolist()) == {k / 2 - 0.25 for k in range(8)}
    assert table[:, 3].max() < 2

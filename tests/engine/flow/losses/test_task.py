"""Losses that teach motion, against their formulas in float64 and on scenes with known motion."""

import numpy as np
import pytest
import torch
from torch import Tensor

from wholefield.flow.losses.task import backward_deblur_loss, data_loss, micro_times, time_consistency_loss


def rho(x: np.ndarray) -> np.ndarray:
    return (x**2 + 1e-6) ** 0.45


def read(image: np.ndarray, x: float, y: float) -> float:
    """Bilinear, 0 outside; pixel by pixel."""
    height, width = image.shape
    total = 0.0
    for r in (int(np.floor(y)), int(np.floor(y)) + 1):
        for c in (int(np.floor(x)), int(np.floor(x)) + 1):
            if 0 <= r < height and 0 <= c < width:
                total += (1 - abs(x - c)) * (1 - abs(y - r)) * image[r, c]
    return total


def warped(image: np.ndarray, flow: np.ndarray, time: float = 1.0) -> np.ndarray:
    height, width = image.shape
    return np.array(
        [
            [read(image, c + time * flow[0, r, c], r + time * flow[1, r, c]) for c in range(width)]
            for r in range(height)
        ]
    )


def scene(bins: int, channels: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(bins * 10 + channels)
    features = torch.rand(bins, 2, channels, 5, 7, dtype=torch.float64)
    return features, torch.randn(bins, 2, 2, 5, 7, dtype=torch.float64)


@pytest.mark.parametrize(("loss", "ahead"), [(data_loss, 0), (time_consistency_loss, 1)])
def test_frame_losses_against_their_formula(loss: object, ahead: int) -> None:
    features, flow = scene(4, 2)
    x, u = features.numpy(), flow.numpy()
    values = [
        rho(warped(x[t + 1 + ahead, b, c], u[t, b]) - x[t + ahead, b, c])
        for t in range(3 - ahead)
        for b in range(2)
        for c in range(2)
    ]
    assert float(loss(features, flow)) == pytest.approx(np.mean(values), rel=1e-9)  # type: ignore[operator]


def test_deblur_against_its_formula() -> None:
    features, flow = scene(2, 6)
    x, u = features.numpy(), flow.numpy()
    times = [1 / 6, 3 / 6, 5 / 6]
    values = []
    for t in range(2):
        for b in range(2):
            for polarity in range(2):
                moved = np.stack(
                    [warped(x[t, b, 2 * m + polarity], u[t, b], times[m] - times[2]) for m in range(3)]
                )
                values.append(rho(moved - moved.mean(0)))
    found = backward_deblur_loss(features, flow, micro_times(3))
    assert float(found) == pytest.approx(np.mean(values), rel=1e-9)


def moving_blobs(bins: int, micro: int, speed: tuple[float, float]) -> Tensor:
    """A few blobs, (T, 1, 2 * micro, 40, 40), that move by `speed` px a bin; polarities apart by 3 px."""
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    rows = []
    for t in range(bins):
        channels = []
        for m in range(micro):
            time = t + (m + 0.5) / micro
            for polarity in range(2):
                image = torch.zeros(40, 40, dtype=torch.float64)
                for cx, cy in ((12, 14), (24, 22), (18, 27)):
                    dx = x - cx - 3 * polarity - speed[0] * time
                    image += torch.exp(-(dx**2 + (y - cy - speed[1] * time) ** 2) / 4)
                channels.append(image)
        rows.append(torch.stack(channels))
    return torch.stack(rows)[:, None]


@pytest.mark.parametrize("loss", ["data", "time_consistency", "bw_deblur"])
def test_the_true_motion_costs_least(loss: str) -> None:
    speed = (2.0, -1.0)
    features = moving_blobs(3, 3, speed)

    def cost(u: float, v: float) -> float:
        flow = torch.tensor([u, v]).double().view(1, 1, 2, 1, 1).expand(3, 1, 2, 40, 40)
        if loss == "bw_deblur":
            return float(backward_deblur_loss(features, flow, micro_times(3)))
        return float({"data": data_loss, "time_consistency": time_consistency_loss}[loss](features, flow))

    costs = {(u, v): cost(u, v) for u in np.arange(0, 4.1, 0.5) for v in np.arange(-3, 1.1, 0.5)}
    assert min(costs, key=costs.__getitem__) == speed
    # Neither throwing everything out of the frame nor standing still is a way out.
    assert costs[speed] < 0.6 * cost(0, 0)
    assert costs[speed] < 0.6 * cost(60, 60)


@pytest.mark.parametrize("bins", [1, 2])
def test_too_few_bins_cost_nothing_and_have_a_gradient(bins: int) -> None:
    features, flow = scene(bins, 2)
    flow.requires_grad_()
    loss = time_consistency_loss(features, flow) + (data_loss(features, flow) if bins == 1 else 0)
    loss.backward()
    assert float(loss.detach()) == 0
    assert flow.grad is not None


def test_gradients() -> None:
    features, _ = scene(3, 4)
    features = features[..., :3, :4].clone().requires_grad_()
    torch.manual_seed(9)
    flow = (
        (torch.randint(-1, 1, (3, 2, 2, 3, 4)) + 0.2 + 0.6 * torch.rand(3, 2, 2, 3, 4))
        .double()
        .requires_grad_()
    )
    # Flow times the distances of the micro bins keeps clear of whole pixels, where the derivative jumps.
    times = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(data_loss, (features, flow))
    assert torch.autograd.gradcheck(time_consistency_loss, (features, flow))
    assert torch.autograd.gradcheck(lambda x, u: backward_deblur_loss(x, u, times), (features, flow))

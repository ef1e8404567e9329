"""Contrast maximization: the flow that makes the images of warped events sharpest, at the level of single events.

Events are warped through the flow of every time bin on their way (Paredes-Valles et al. 2023, arXiv 2303.05214) to
every border between bins. Where the flow is right, the events of one edge meet, and the average timestamps of the
pixels they meet in are low (Hagenaars et al. 2021, arXiv 2106.01862, equations 4 to 6). Windows of several lengths
cover both slow and fast motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from wholefield.flow.representations.grid import Events
from wholefield.flow.warping.splat_torch import sample, splat

EPSILON = 1e-9
SCALES = 3


class ContrastMeasure(StrEnum):
    """What is minimized.

    AVERAGE_TIMESTAMP is the mean square of the average timestamp of pixels, one image for each polarity. VARIANCE is
    the variance of the image of events without flow over that with flow (Shiba et al. 2022, arXiv 2207.10022).
    """

    AVERAGE_TIMESTAMP = "average-timestamp"
    VARIANCE = "variance"


def event_list(parts: Sequence[Events], start_us: int, delta_t: int, factor: int = 0) -> Tensor:
    """The events of a batch as a table.

    Args:
        parts: Structured events of every element of the batch.
        start_us: When the first time bin begins, in us.
        delta_t: Length of a time bin in us.
        factor: Squares of 2 ** factor sensor pixels are one pixel of the flow.

    Returns:
        float32 (N, 5): element of the batch, x and y in px of the flow, time in bins, polarity (0 or 1).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.losses import event_list
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> events = np.zeros(1, EVENT_DTYPE)
        >>> events["x"], events["y"], events["p"], events["t"] = 4, 2, 1, 15_000
        >>> event_list([events], start_us=0, delta_t=10_000)
        tensor([[0.0000, 4.0000, 2.0000, 1.5000, 1.0000]])
    """
    block = 1 << factor
    tables = [
        np.stack(
            [
                np.full(len(events), index),
                # The middle of a sensor pixel, seen from the middle of the pixel of the flow.
                (events["x"] + 0.5) / block - 0.5,
                (events["y"] + 0.5) / block - 0.5,
                (events["t"] - start_us) / delta_t,
                events["p"] > 0,
            ],
            axis=1,
        )
        for index, events in enumerate(parts)
    ]
    return torch.from_numpy(np.concatenate(tables).astype(np.float32))


def contrast_loss(
    events: Tensor,
    flow: Tensor,
    scales: int = SCALES,
    measure: ContrastMeasure = ContrastMeasure.AVERAGE_TIMESTAMP,
) -> Tensor:
    """How blurred events are after the flow has warped them together.

    For every window [a, b) of bins and every border j from a to b between its bins, the events of the window are
    warped to j. With n_p(x) and s_p(x) the bilinear splats of 1 and of the closeness 1 - |t - j| / (b - a) of the
    events of polarity p, the loss of AVERAGE_TIMESTAMP at j is

        sum_x sum_p (s_p(x) / n_p(x))^2 / number of pixels with events.

    Events that leave the frame on their way count in neither. At scale s there are 2^s windows; those shorter than a
    bin are left out. The result is the mean over borders, windows, scales and the batch.

    Args:
        events: float (N, 5) of batch element, x, y in px, time in bins from 0 to T, polarity (0 or 1); in any order.
        flow: float (T, B, 2, H, W), x first, in px per time bin.
        scales: Window lengths, each half of the one before.
        measure: What is minimized.

    Returns:
        A scalar of the dtype of the flow; gradients reach the flow.

    Example:
        >>> import torch
        >>> from wholefield.flow import contrast_loss
        >>> time = torch.linspace(0, 1.99, 50)  # a point that moves by 4 px per bin
        >>> events = torch.stack([0 * time, 2 + 4 * time, 0 * time + 3, time, 0 * time + 1], dim=1)
        >>> still = torch.zeros(2, 1, 2, 8, 16)
        >>> right = still + torch.tensor([4.0, 0.0]).view(2, 1, 1)
        >>> bool(contrast_loss(events, right) < contrast_loss(events, still))
        True
    """
    bins, batch, _, height, width = flow.shape
    inside = (events[:, 3] >= 0) & (events[:, 3] < bins)
    events = events[inside].to(flow.dtype)
    events = events[torch.argsort(events[:, 3].floor(), stable=True)]
    tracks = _carry(events, flow)
    by_scale = []
    for parts in (2**scale for scale in range(scales) if 2**scale <= bins):
        borders = [round(i * bins / parts) for i in range(parts + 1)]
        windows = [
            _window(events, tracks, a, b, (batch, height, width), measure) for a, b in pairwise(borders)
        ]
        by_scale.append(torch.stack(windows).mean())
    return torch.stack(by_scale).mean()


class ContrastLoss(nn.Module):
    """`contrast_loss` as a module.

    Args:
        scales: Window lengths, each half of the one before.
        measure: What is minimized.

    Example:
        >>> import torch
        >>> from wholefield.flow import ContrastLoss, ContrastMeasure
        >>> loss = ContrastLoss(scales=1, measure=ContrastMeasure.VARIANCE)
        >>> loss(torch.tensor([[0, 3, 3, 0.5, 1.0]]), torch.zeros(1, 1, 2, 8, 8)).shape
        torch.Size([])
    """

    def __init__(
        self, scales: int = SCALES, measure: ContrastMeasure = ContrastMeasure.AVERAGE_TIMESTAMP
    ) -> None:
        super().__init__()
        self.scales, self.measure = scales, measure

    def forward(self, events: Tensor, flow: Tensor) -> Tensor:
        """The loss of events (N, 5) under a flow (T, B, 2, H, W); see `contrast_loss`."""
        return contrast_loss(events, flow, self.scales, self.measure)


@dataclass(frozen=True)
class _Tracks:
    """Events, ordered by bin, at every border between bins.

    Attributes:
        x: For every border 0 to T, (N,) in px.
        y: The same for rows.
        offsets: Events before each bin, T + 1 numbers.
    """

    x: list[Tensor]
    y: list[Tensor]
    offsets: list[int]


def _carry(events: Tensor, flow: Tensor) -> _Tracks:
    """Warp events, ordered by bin, forward and backward through the bins to every border."""
    bins, batch, _, height, width = flow.shape
    fields = flow.reshape(bins * batch, 2, height, width)
    own = events[:, 3].floor().long()
    offsets = [0, *torch.bincount(own, minlength=bins).cumsum(0).tolist()]
    element, x0, y0, time = events[:, 0].long(), events[:, 1], events[:, 2], events[:, 3]

    def step(part: slice, x: Tensor, y: Tensor, k: int, ahead: Tensor) -> tuple[Tensor, Tensor]:
        u, v = sample(fields, k * batch + element[part], x, y)
        return x + ahead * u, y + ahead * v

    later: list[tuple[Tensor, Tensor]] = [(x0[:0], y0[:0])]
    for k in range(bins):
        part, fresh = slice(0, offsets[k + 1]), slice(offsets[k], offsets[k + 1])
        x, y = torch.cat([later[-1][0], x0[fresh]]), torch.cat([later[-1][1], y0[fresh]])
        later.append(step(part, x, y, k, (k + 1 - time[part]).clamp(max=1)))
    earlier: list[tuple[Tensor, Tensor]] = [(x0[:0], y0[:0])]
    for k in reversed(range(bins)):
        part, fresh = slice(offsets[k], len(events)), slice(offsets[k], offsets[k + 1])
        x, y = torch.cat([x0[fresh], earlier[-1][0]]), torch.cat([y0[fresh], earlier[-1][1]])
        earlier.append(step(part, x, y, k, (k - time[part]).clamp(min=-1)))
    earlier.reverse()
    joined = [
        [torch.cat([before[axis], after[axis]]) for before, after in zip(later, earlier, strict=True)]
        for axis in (0, 1)
    ]
    return _Tracks(joined[0], joined[1], offsets)


def _window(
    events: Tensor, tracks: _Tracks, a: int, b: int, shape: tuple[int, int, int], measure: ContrastMeasure
) -> Tensor:
    """The mean loss over all borders of the window of bins [a, b)."""
    batch, height, width = shape
    part = slice(tracks.offsets[a], tracks.offsets[b])
    x = torch.stack([tracks.x[j][part] for j in range(a, b + 1)])
    y = torch.stack([tracks.y[j][part] for j in range(a, b + 1)])
    stays = ((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)).all(0)
    kept, x, y = events[part][stays], x[:, stays], y[:, stays]
    # The elements of a batch are stacked vertically: what stays inside its own frame cannot reach the next.
    rows = kept[:, 0] * height
    losses = []
    for j in range(a, b + 1):
        place = (x[j - a], y[j - a] + rows, (batch * height, width))
        if measure is ContrastMeasure.VARIANCE:
            still = splat(kept[:, 1], kept[:, 2] + rows, place[2], torch.ones_like(rows)[None])
            losses.append(_blur(splat(*place, torch.ones_like(rows)[None]), still, batch))
        else:
            losses.append(_average_timestamp(place, 1 - (kept[:, 3] - j).abs() / (b - a), kept[:, 4], batch))
    return torch.stack(losses).mean()


def _average_timestamp(
    place: tuple[Tensor, Tensor, tuple[int, int]], closeness: Tensor, polarity: Tensor, batch: int
) -> Tensor:
    """Mean square of the average closeness of pixels with events, both polarities added, mean over the batch."""
    signs = torch.stack([1 - polarity, polarity])
    images = splat(*place, torch.cat([signs, signs * closeness]))
    count, total = images.view(2, 2, batch, -1)
    squares = (total / (count + EPSILON)).square().sum((0, 2))
    seen = (count.detach().sum(0) > 0).sum(1)
    return (squares / seen.clamp(min=1)).mean()


def _blur(image: Tensor, still: Tensor, batch: int) -> Tensor:
    """Variance of the image without flow over that with flow, mean over the batch; 0 without events."""
    warped, unwarped = image.view(batch, -1).var(1), still.view(batch, -1).var(1)
    return torch.where(unwarped > 0, unwarped / (warped + EPSILON), torch.zeros_like(warped)).mean()

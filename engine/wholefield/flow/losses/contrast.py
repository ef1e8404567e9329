"""Contrast maximization: the flow that makes the images of warped events sharpest, at the level of single events.

Events are carried through the flow of every time bin on their way (Paredes-Valles et al. 2023, arXiv 2303.05214) to
every border between bins. Where the flow is right, those of one edge meet, and the average times of the pixels they
meet in are low (Hagenaars et al. 2021, arXiv 2106.01862, equations 4 to 6). Several lengths of window keep both slow
and fast motion in sight.
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
    """What is made small.

    AVERAGE_TIMESTAMP is the mean square of the average time of pixels, one image for each polarity; VARIANCE is the
    variance of the image of events without flow over that with flow (Shiba et al. 2022, arXiv 2207.10022).
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
    """How blurred events are after the flow has carried them together.

    For every window [a, b) of bins and every border j from a to b between its bins, the events of the window are
    carried to j. With n_p(x) and s_p(x) the bilinear splats of 1 and of the closeness 1 - |t - j| / (b - a) of the
    events of polarity p, the loss of AVERAGE_TIMESTAMP at j is

        sum_x sum_p (s_p(x) / n_p(x))^2 / number of pixels with events.

    Events that leave the frame on their way count in neither. At scale s there are 2^s windows; those shorter than a
    bin are left out. The result is the mean over borders, windows, scales and the batch.

    Args:
        events: (N, 5) of batch element, x, y in px, time in bins from 0 to T, polarity (0 or 1); in any order.
        flow: (T, B, 2, H, W), x first, in px per time bin.
        scales: Lengths of window, halved from one to the next.
        measure: What is made small.

    Returns:
        A scalar of the dtype of the flow; gradients reach the flow.
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
    """`contrast_loss` with its settings.

    Attributes:
        scales: Lengths of window.
        measure: What is made small.
    """

    def __init__(
        self, scales: int = SCALES, measure: ContrastMeasure = ContrastMeasure.AVERAGE_TIMESTAMP
    ) -> None:
        super().__init__()
        self.scales, self.measure = scales, measure

    def forward(self, events: Tensor, flow: Tensor) -> Tensor:
        """See `contrast_loss`."""
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
    """Carry events, ordered by bin, forward and backward through the bins to every border."""
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
    # The elements of a batch lie one under the other: what stays inside its own frame cannot reach the next.
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

"""Regularization: flow that varies little, or linearly, or is small, where the events say nothing.

All take flow u (T, B, 2, h, w) and an optional mask (T, B, 1, h, w) of the pixels that count, and return the mean over
what counts, 0 where nothing does; rho is the Charbonnier penalty.
"""

import torch
from torch import Tensor

from wholefield.flow.losses.penalty import charbonnier

# Steps (down, right) to the neighbors that a pixel is compared with; each pair of pixels once.
NEIGHBORS = ((0, 1), (1, 0), (1, 1), (1, -1))


def smoothness_loss(flow: Tensor, mask: Tensor | None = None) -> Tensor:
    """First-order smoothness: mean of rho(u(p + n) - u(p)) over the neighbors n to the right and below.

    Args:
        flow: u, float (T, B, 2, h, w) in px.
        mask: (T, B, 1, h, w), the pixels p that count; all if None.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import smoothness_loss
        >>> smoothness_loss(torch.ones(1, 1, 2, 8, 8)) < smoothness_loss(torch.rand(1, 1, 2, 8, 8))
        tensor(True)
    """
    terms = []
    for step in NEIGHBORS[:2]:
        here, there = shifted(flow, step)
        terms.append(masked_mean(charbonnier(there - here), mask, step))
    return torch.stack(terms).mean()


def smoothness2_loss(flow: Tensor, mask: Tensor | None = None) -> Tensor:
    """Second-order smoothness: mean of rho(u(p - n) - 2 u(p) + u(p + n)) over four directions n; linear flow is free.

    After UnFlow (Meister et al. 2018, arXiv 1711.07837, eq. 5).

    Args:
        flow: u, float (T, B, 2, h, w) in px.
        mask: (T, B, 1, h, w), the pixels p that count; all if None.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import smoothness2_loss
        >>> ramp = torch.arange(8.0).expand(1, 1, 2, 8, 8)
        >>> smoothness2_loss(ramp)
        tensor(0.0020)
    """
    terms = []
    for step in NEIGHBORS:
        before, rest = shifted(flow, step)
        first = rest - before
        here, there = shifted(first, step)
        center = None if mask is None else shifted(mask, step)[1]
        terms.append(masked_mean(charbonnier(there - here), center, step))
    return torch.stack(terms).mean()


def l1_loss(flow: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean of |u|.

    Args:
        flow: u, float (T, B, 2, h, w) in px.
        mask: (T, B, 1, h, w), the pixels that count; all if None.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import l1_loss
        >>> l1_loss(torch.full((1, 1, 2, 8, 8), -3.0))
        tensor(3.)
    """
    return masked_mean(flow.abs(), mask)


def shifted(images: Tensor, step: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Images at p and at p + step, where both exist."""
    down, right = step
    height, width = images.shape[-2:]
    left, shift = max(-right, 0), max(right, 0)
    span = width - abs(right)
    here = images[..., : height - down, left : left + span]
    return here, images[..., down:, shift : shift + span]


def masked_mean(values: Tensor, mask: Tensor | None, step: tuple[int, int] = (0, 0)) -> Tensor:
    """Mean over the pixels p that the mask counts; `values` lack the last pixels along `step`, as in `shifted`."""
    if mask is None:
        return values.mean() if values.numel() else values.sum()
    weights = shifted(mask, step)[0].to(values).expand_as(values)
    return (values * weights).sum() / weights.sum().clamp(min=1)

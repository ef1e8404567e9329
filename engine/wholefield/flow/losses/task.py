"""Task losses: the flow predicts where things go, and it makes moving edges sharp.

All take features x (T, B, C, h, w) and flow u (T, B, 2, h, w) in pixels of that size per time bin, and return the mean
over all that is compared; rho is the Charbonnier penalty, W(x, u)(p) = x(p + u(p)) samples bilinearly, 0 outside.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from wholefield.flow.losses.penalty import charbonnier
from wholefield.flow.warping.backward import warp_channels, warp_sequence

Warp = Callable[[Tensor, Tensor], Tensor]


def data_loss(features: Tensor, flow: Tensor, warp: Warp = warp_sequence) -> Tensor:
    """Mean of rho(W(x[t + 1], u[t]) - x[t]): the next bin, sampled where the flow points, is this bin.

    Args:
        features: x, float (T, B, C, h, w).
        flow: u, float (T, B, 2, h, w) in px per time bin.
        warp: Samples features at p + flow(p).

    Returns:
        A scalar; 0 for a single bin, which has nothing to be compared with.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import data_loss
        >>> features = torch.zeros(2, 1, 1, 5, 8)
        >>> features[0, ..., 2], features[1, ..., 4] = 1, 1  # an edge that moves by 2 px
        >>> still, moving = torch.zeros(2, 1, 2, 5, 8), torch.tensor([2.0, 0.0]).view(1, 1, 2, 1, 1)
        >>> data_loss(features, still + moving) < data_loss(features, still)
        tensor(True)
    """
    if features.shape[0] < 2:
        return flow.sum() * 0
    return charbonnier(warp(features[1:], flow[:-1]) - features[:-1]).mean()


def time_consistency_loss(features: Tensor, flow: Tensor, warp: Warp = warp_sequence) -> Tensor:
    """Mean of rho(W(x[t + 2], u[t]) - x[t + 1]): the flow of a bin still holds one bin later.

    Args:
        features: x, float (T, B, C, h, w).
        flow: u, float (T, B, 2, h, w) in px per time bin.
        warp: Samples features at p + flow(p).

    Returns:
        A scalar; 0 for fewer than three bins.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import time_consistency_loss
        >>> time_consistency_loss(torch.rand(2, 1, 1, 5, 8), torch.zeros(2, 1, 2, 5, 8))
        tensor(0.)
    """
    if features.shape[0] < 3:
        return flow.sum() * 0
    return charbonnier(warp(features[2:], flow[:-2]) - features[1:-1]).mean()


def backward_deblur_loss(features: Tensor, flow: Tensor, times: Tensor) -> Tensor:
    """Mean of rho(I_m(p) - mean over m of I_m(p)), I_m(p) = x_m(p - (s_last - s_m) u(p)): micro bins agree once warped.

    The flow is followed backward in time. A flow that contracts everything into one point, or moves it out of the
    image, has a high loss: the last micro bin stays in place, and every pixel of it must find its past. Polarities are
    compared separately (deblurring, after Zhu et al. 2018, arXiv 1812.08156, section 3.3).

    Args:
        features: x, float (T, B, C, h, w); C = micro bins x polarities, the polarity varying fastest.
        flow: u, float (T, B, 2, h, w) in px per time bin.
        times: float (micro bins,), s_m, centers of the micro bins in time bins; see `micro_times`.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import backward_deblur_loss, micro_times
        >>> loss = backward_deblur_loss(torch.rand(1, 1, 6, 8, 8), torch.zeros(1, 1, 2, 8, 8), micro_times(3))
        >>> loss.shape
        torch.Size([])
    """
    polarities = features.shape[2] // len(times)
    warped = warp_channels(features, flow, (times - times[-1]).repeat_interleave(polarities))
    grouped = warped.unflatten(2, (len(times), polarities))
    return charbonnier(grouped - grouped.mean(2, keepdim=True)).mean()


def micro_times(micro_bins: int) -> Tensor:
    """Centers of equal micro bins of one time bin.

    Args:
        micro_bins: Micro bins of a time bin.

    Returns:
        float64 (micro bins,) in time bins.

    Example:
        >>> from wholefield.flow.losses import micro_times
        >>> micro_times(2)
        tensor([0.2500, 0.7500], dtype=torch.float64)
    """
    return (torch.arange(micro_bins, dtype=torch.float64) + 0.5) / micro_bins

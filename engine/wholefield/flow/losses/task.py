"""What a flow is for: it predicts where things go, and it makes moving edges sharp.

All take features x (T, B, C, h, w) and flow u (T, B, 2, h, w) in pixels of that size per time bin, and give the mean
over all that is compared; rho is the Charbonnier penalty, W(x, u)(p) = x(p + u(p)) reads bilinearly, 0 outside.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from wholefield.flow.losses.penalty import charbonnier
from wholefield.flow.warping.backward import warp_channels, warp_sequence

Warp = Callable[[Tensor, Tensor], Tensor]


def data_loss(features: Tensor, flow: Tensor, warp: Warp = warp_sequence) -> Tensor:
    """Mean of rho(W(x[t + 1], u[t]) - x[t]): the next bin, read where the flow says, is this bin.

    0 for a single bin, which has nothing to be compared with.
    """
    if features.shape[0] < 2:
        return flow.sum() * 0
    return charbonnier(warp(features[1:], flow[:-1]) - features[:-1]).mean()


def time_consistency_loss(features: Tensor, flow: Tensor, warp: Warp = warp_sequence) -> Tensor:
    """Mean of rho(W(x[t + 2], u[t]) - x[t + 1]): the flow of a bin still holds one bin later.

    0 for fewer than three bins.
    """
    if features.shape[0] < 3:
        return flow.sum() * 0
    return charbonnier(warp(features[2:], flow[:-2]) - features[1:-1]).mean()


def backward_deblur_loss(features: Tensor, flow: Tensor, times: Tensor) -> Tensor:
    """Mean of rho(I_m(p) - mean over m of I_m(p)), I_m(p) = x_m(p - (s_last - s_m) u(p)): micro bins agree once moved.

    The flow is followed backwards in time. A flow that gathers everything in one point, or throws it out of the
    image, pays: the last micro bin stays where it is, and every pixel of it must find its past. Polarities are
    compared each by itself (deblurring, after Zhu et al. 2018, arXiv 1812.08156, section 3.3).

    Args:
        features: (T, B, C, h, w); C = micro bins x polarities, the polarity counting faster.
        flow: (T, B, 2, h, w).
        times: (micro bins,), s_m, centers of the micro bins in time bins.
    """
    polarities = features.shape[2] // len(times)
    warped = warp_channels(features, flow, (times - times[-1]).repeat_interleave(polarities))
    grouped = warped.unflatten(2, (len(times), polarities))
    return charbonnier(grouped - grouped.mean(2, keepdim=True)).mean()


def micro_times(micro_bins: int) -> Tensor:
    """Centers of equal micro bins of one time bin, (micro bins,) float64, in time bins."""
    return (torch.arange(micro_bins, dtype=torch.float64) + 0.5) / micro_bins

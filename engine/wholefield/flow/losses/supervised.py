"""The loss against known flow, where there are labels."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wholefield.flow.losses.penalty import charbonnier
from wholefield.flow.pyramid import shrink


def supervised_loss(flows: Sequence[Tensor], label: Tensor) -> Tensor:
    """Mean over the levels of the mean of rho(u - label), rho the Charbonnier penalty.

    A label counts at a coarser level where all of its pixels are known.

    Args:
        flows: float (T, B, 2, h, w) of every level, coarsest first, in px of the level per time bin.
        label: float (T, B, 2, H, W) in px per time bin, NaN where it is unknown.

    Returns:
        A scalar, 0 if nothing is known.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import supervised_loss
        >>> label = torch.ones(1, 1, 2, 8, 8)
        >>> right = [label[..., :4, :4] / 2, label]
        >>> supervised_loss(right, label) < supervised_loss([0 * flow for flow in right], label)
        tensor(True)
    """
    terms = []
    for level, flow in zip(reversed(range(len(flows))), flows, strict=True):
        wanted = shrink(label, level) / 2**level
        known = torch.isfinite(wanted)
        # Not a product with the mask: 0 times NaN is NaN, in the gradient too.
        difference = torch.where(known, flow - torch.where(known, wanted, 0), 0)
        terms.append((charbonnier(difference) * known).sum() / known.sum().clamp(min=1))
    return torch.stack(terms).mean()

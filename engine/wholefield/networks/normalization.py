"""Batch normalization in streamed networks: fixed statistics, measured once where none were learned."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """All batch normalization layers of a network, in order."""
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


def freeze_normalization(network: nn.Module) -> nn.Module:
    """Put every batch normalization into evaluation mode and return the network.

    Its statistics then stay as they are, which makes it a local operation; scale and shift still learn.

    Args:
        network: any network; it is changed.

    Returns:
        The network itself.

    Example:
        >>> from torch import nn
        >>> from wholefield.networks import freeze_normalization
        >>> freeze_normalization(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))[1].training
        False
    """
    for norm in batch_norms(network):
        norm.eval()
    return network


@torch.no_grad()
def calibrate_normalization(network: nn.Module, batches: Iterable[Tensor]) -> int:
    """Set the running mean and variance of every batch normalization to those of some sample batches.

    A fresh network has mean 0 and variance 1 there; frozen so, its activations grow or die with depth and it
    trains badly. Measured on a few crops, the statistics act like a data-dependent initialization (Mishkin
    and Matas 2016, All You Need is a Good Init). The layers are left in evaluation mode.

    Args:
        network: the network, run as a whole and not streamed.
        batches: inputs (B, C, *spatial) that the network takes.

    Returns:
        How many batches were used; 0 where the network has no batch normalization.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.networks import calibrate_normalization
        >>> norm = nn.BatchNorm2d(3)
        >>> calibrate_normalization(norm, [torch.full((2, 3, 4, 4), 5.0)])
        1
        >>> norm.running_mean
        tensor([5., 5., 5.])
    """
    norms = batch_norms(network)
    if not norms:
        return 0
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    used = 0
    for batch in batches:
        network(batch)
        used += 1
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
    return used

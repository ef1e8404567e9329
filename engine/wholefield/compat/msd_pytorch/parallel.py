"""Batches split over all GPUs."""

import torch
from torch import nn

from wholefield.compat.msd_pytorch.errors import InputError


def on_several_devices(net: nn.Module) -> nn.Module:
    """The network on all GPUs, each taking its share of every batch.

    Raises:
        InputError: There is no GPU.
    """
    if not torch.cuda.is_available():
        raise InputError("There is no CUDA GPU to run in parallel on; leave parallel=False.")
    return nn.DataParallel(net.cuda())

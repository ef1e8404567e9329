"""The order of a tensor's dimensions in memory. Values never depend on it; speed does."""

import torch
from torch import Tensor


def working_format(ndim: int, dtype: torch.dtype, device: torch.device) -> torch.memory_format:
    """The memory format in which tiles of an image (of that many dimensions) are computed fastest.

    On a CPU, convolutions, pooling and normalization of float32 and bfloat16 run faster with the channels last; double
    precision has no such kernels. Other devices keep the format in which the image comes.
    """
    fast = ndim == 4 and device.type == "cpu" and dtype in (torch.float32, torch.bfloat16)
    return torch.channels_last if fast else torch.contiguous_format


def arrange(tensor: Tensor, memory_format: torch.memory_format) -> Tensor:
    """The tensor in a memory format; formats for images leave tensors of other ranks alone."""
    if memory_format is torch.channels_last and tensor.ndim == 4:
        return tensor.contiguous(memory_format=memory_format)
    return tensor


def format_of(tensor: Tensor) -> torch.memory_format:
    """Whether a tensor that was just computed has its channels last."""
    if tensor.ndim == 4 and tensor.stride(1) == 1 and tensor.shape[1] > 1:
        return torch.channels_last
    return torch.contiguous_format


def arrange_like(tensor: Tensor, model: Tensor) -> Tensor:
    """The tensor with the strides of another of its shape."""
    if tensor.stride() == model.stride():
        return tensor
    return torch.empty_like(model, dtype=tensor.dtype).copy_(tensor)

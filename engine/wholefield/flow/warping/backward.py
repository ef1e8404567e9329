"""Backward warping: sampling an image where the flow points."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def warp(images: Tensor, flow: Tensor) -> Tensor:
    """Sample images at p + flow(p), bilinearly, 0 outside.

    Where `flow` is the motion from one moment to a later one and `images` show the later one, the result shows the
    later image where things were at the earlier moment (spatial transformer sampling, Jaderberg et al. 2015, eq. 5).

    Args:
        images: float (N, C, h, w).
        flow: float (N, 2, h, w), x then y, in px.

    Returns:
        (N, C, h, w), differentiable in both.

    Example:
        >>> import torch
        >>> from wholefield.flow.warping import warp
        >>> row = torch.tensor([[[[0.0, 1.0, 2.0, 3.0]]]])
        >>> right = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 1, 4)
        >>> warp(row, right)
        tensor([[[[1., 2., 3., 0.]]]])
    """
    height, width = flow.shape[2:]
    x = torch.arange(width, dtype=flow.dtype, device=flow.device) + flow[:, 0]
    y = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None] + flow[:, 1]
    # grid_sample counts from -1 at the center of the first pixel to 1 at that of the last; one pixel has no scale.
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], dim=-1)
    if min(height, width) == 1:
        images, grid = _widen(images, grid, x, y)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def _widen(images: Tensor, grid: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Add an empty row and column, so that axes of one pixel have a scale."""
    height, width = images.shape[2] + 1, images.shape[3] + 1
    images = functional.pad(images, (0, 1, 0, 1))
    return images, torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1).to(grid)


def warp_sequence(features: Tensor, flow: Tensor) -> Tensor:
    """`warp` for every time bin.

    Args:
        features: float (T, B, C, h, w).
        flow: float (T, B, 2, h, w) in px.

    Returns:
        (T, B, C, h, w), features at p + flow(p).

    Example:
        >>> import torch
        >>> from wholefield.flow.warping import warp_sequence
        >>> warp_sequence(torch.rand(3, 2, 6, 8, 8), torch.zeros(3, 2, 2, 8, 8)).shape
        torch.Size([3, 2, 6, 8, 8])
    """
    return warp(features.flatten(0, 1), flow.flatten(0, 1)).unflatten(0, features.shape[:2])


def warp_channels(features: Tensor, flow: Tensor, times: Tensor) -> Tensor:
    """Sample every channel at p + times[c] * flow(p).

    Args:
        features: float (T, B, C, h, w).
        flow: float (T, B, 2, h, w) in px per time bin.
        times: float (C,) in time bins.

    Returns:
        (T, B, C, h, w).

    Example:
        >>> import torch
        >>> from wholefield.flow.warping import warp_channels
        >>> flow = torch.tensor([1.0, 0.0]).view(1, 1, 2, 1, 1).expand(1, 1, 2, 1, 3)
        >>> warp_channels(torch.arange(3.0).expand(1, 1, 2, 1, 3), flow, torch.tensor([0.0, 1.0]))[0, 0, :, 0]
        tensor([[0., 1., 2.],
                [1., 2., 0.]])
    """
    bins, (channels, height, width) = features.shape[:2], features.shape[2:]
    scaled = flow.unsqueeze(2) * times.to(flow).view(-1, 1, 1, 1)
    warped = warp(
        features.reshape(-1, 1, height, width), scaled.expand(*bins, channels, 2, height, width).flatten(0, 2)
    )
    return warped.view_as(features)


class Warping(nn.Module):
    """`warp_sequence` as a module: the warping head of a level of the flow pyramid.

    Example:
        >>> import torch
        >>> from wholefield.flow.warping import Warping
        >>> Warping()(torch.rand(3, 2, 6, 8, 8), torch.zeros(3, 2, 2, 8, 8)).shape
        torch.Size([3, 2, 6, 8, 8])
    """

    def forward(self, features: Tensor, flow: Tensor) -> Tensor:
        """Features (T, B, C, h, w) sampled at p + flow(p)."""
        return warp_sequence(features, flow)

"""Splatting and sampling in torch, differentiable in the positions; same values as wholefield.flow.warping.events."""

import torch
from torch import Tensor


def splat(x: Tensor, y: Tensor, shape: tuple[int, int], weights: Tensor) -> Tensor:
    """Bilinear splat: I[k, r, c] = sum_i w_ki max(0, 1 - |c - x_i|) max(0, 1 - |r - y_i|).

    Args:
        x: float (N,) columns in px.
        y: float (N,) rows in px.
        shape: (H, W).
        weights: float (K, N), for K images.

    Returns:
        (K, H, W); gradients reach x, y and the weights.

    Example:
        >>> import torch
        >>> from wholefield.flow.warping.splat_torch import splat
        >>> splat(torch.tensor([0.25]), torch.tensor([0.0]), (1, 3), torch.ones(1, 1))
        tensor([[[0.7500, 0.2500, 0.0000]]])
    """
    height, width = shape
    left, top = x.detach().floor(), y.detach().floor()
    image = weights.new_zeros(len(weights), height * width)
    for row in (0, 1):
        for column in (0, 1):
            xx, yy = left + column, top + row
            share = (1 - (x - xx).abs()) * (1 - (y - yy).abs())
            inside = (xx >= 0) & (xx < width) & (yy >= 0) & (yy < height)
            place = torch.where(inside, yy * width + xx, torch.zeros_like(xx)).long()
            image = image.index_add(1, place, weights * torch.where(inside, share, torch.zeros_like(share)))
    return image.view(-1, height, width)


def sample(flow: Tensor, index: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Flow between pixels, bilinear; beyond the border that of the border.

    Args:
        flow: float (K, 2, H, W), several fields.
        index: int64 (N,), the field of every position.
        x: float (N,) columns in px.
        y: float (N,) rows in px.

    Returns:
        u and v, (N,) each; gradients reach the flow and, inside, the positions.

    Example:
        >>> import torch
        >>> from wholefield.flow.warping.splat_torch import sample
        >>> flow = torch.arange(4.0).expand(1, 2, 1, 4)
        >>> sample(flow, torch.tensor([0]), torch.tensor([1.5]), torch.tensor([0.0]))
        (tensor([1.5000]), tensor([1.5000]))
    """
    height, width = flow.shape[-2:]
    x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
    left = x.detach().floor().clamp(max=max(width - 2, 0))
    top = y.detach().floor().clamp(max=max(height - 2, 0))
    a, b = x - left, y - top
    right, low = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    fields = flow.permute(1, 0, 2, 3).reshape(2, -1)

    def at(row: Tensor, column: Tensor) -> Tensor:
        return fields[:, (index * height + row.long()) * width + column.long()]

    upper = (1 - a) * at(top, left) + a * at(top, right)
    lower = (1 - a) * at(low, left) + a * at(low, right)
    u, v = ((1 - b) * upper + b * lower).unbind()
    return u, v

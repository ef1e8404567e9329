"""Attention inside windows and over channels, and products with constants: values and gradients."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.engine.streaming.layers import Apply, between, image

WINDOW = 3


class WindowAttention(nn.Module):
    """Attention in windows as Swin has it, on padded channels-last maps, in one of several spellings."""

    def __init__(self, spelling: str) -> None:
        super().__init__()
        self.qkv = nn.Linear(4, 12)
        self.bias = nn.Parameter(torch.randn(2, WINDOW**2, WINDOW**2))
        self.spelling = spelling

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        y = x.permute(0, 2, 3, 1)
        y = functional.pad(y, (0, 0, 0, -width % WINDOW, 0, -height % WINDOW))
        rows, columns = y.shape[1] // WINDOW, y.shape[2] // WINDOW
        windows = y.view(batch, rows, WINDOW, columns, WINDOW, channels).permute(0, 1, 3, 2, 4, 5)
        seen = self.attend(windows.reshape(-1, WINDOW**2, channels))
        y = seen.view(batch, rows, columns, WINDOW, WINDOW, channels).permute(0, 1, 3, 2, 4, 5)
        y = y.reshape(batch, rows * WINDOW, columns * WINDOW, channels)[:, :height, :width]
        return x + y.permute(0, 3, 1, 2)

    def attend(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).reshape(*x.shape[:2], 3, 2, 2).permute(2, 0, 3, 1, 4)
        match self.spelling:
            case "fused":
                y = functional.scaled_dot_product_attention(q, k, v, attn_mask=self.bias)
            case "einsum":
                logits = torch.einsum("bhid,bhjd->bhij", q, k) + self.bias
                y = torch.einsum("...ij, ...jd->...id", logits.softmax(-1), v)
            case "flat":
                flat = [t.reshape(-1, WINDOW**2, 2) for t in (q, k, v)]
                weights = torch.bmm(flat[0], flat[1].mT).softmax(-1)
                y = torch.baddbmm(flat[2], weights, flat[2]).view(v.shape)
            case _:
                y = torch.softmax(q @ k.transpose(-2, -1) + self.bias.unsqueeze(0), -1) @ v
        return y.transpose(1, 2).reshape(x.shape)


@pytest.mark.parametrize("spelling", ["fused", "einsum", "flat", "matmul"])
def test_attention_in_windows(spelling: str, exact: Callable[..., None]) -> None:
    exact(between(WindowAttention(spelling), 2), image(batch=2), 1, 5, (7, 4))


def masked(x: Tensor) -> Tensor:
    """A mask for every window, as shifted windows have."""
    batch, channels, height, width = x.shape
    rows, columns = height // 2, width // 2
    windows = x[..., : rows * 2, : columns * 2].view(batch, channels, rows, 2, columns, 2)
    tokens = windows.permute(0, 2, 4, 3, 5, 1).reshape(-1, 4, channels)
    mask = torch.linspace(-1, 1, rows * columns * 16, dtype=x.dtype).view(rows * columns, 4, 4)
    logits = (tokens @ tokens.mT).view(batch, rows * columns, 4, 4) + mask
    seen = logits.view(-1, 4, 4).softmax(-1) @ tokens
    seen = seen.view(batch, rows, columns, 2, 2, channels).permute(0, 5, 1, 3, 2, 4)
    return seen.reshape(batch, channels, rows * 2, columns * 2)


PRODUCTS: dict[str, Callable[[Tensor], Tensor]] = {
    "a mask per window": masked,
    "channels with a constant": lambda x: torch.einsum(
        "bc...,cd->bd...", x, torch.ones(4, 4, dtype=x.dtype).triu()
    ),
    "a constant from the left": lambda x: (
        torch.ones(4, 4, dtype=x.dtype).triu() @ x.permute(2, 3, 1, 0)
    ).permute(3, 2, 0, 1),
    "a matrix per row": lambda x: torch.einsum(
        "bchw,hcd->bdhw", x, torch.linspace(0, 1, x.shape[2] * 16, dtype=x.dtype).view(-1, 4, 4)
    ),
    "channels with each other": lambda x: (
        (x.permute(0, 2, 3, 1)[..., None] @ x.permute(0, 2, 3, 1)[..., None, :])
        .softmax(-1)
        .sum(-1)
        .permute(0, 3, 1, 2)
    ),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name: str, exact: Callable[..., None]) -> None:
    exact(between(Apply(PRODUCTS[name]), 2), image(batch=2), 1, 5)


CONSTANTS: dict[str, Callable[[Tensor], Tensor]] = {
    "coordinates": lambda x: torch.cat([x[:, 2:], *(
        torch.linspace(-1, 1, n, dtype=x.dtype).view([n if d == k else 1 for d in range(x.ndim)]).expand_as(x[:, :1])
        for k, n in enumerate(x.shape) if k > 1)], 1),
    "coordinates as a grid": lambda x: x * torch.stack(torch.meshgrid(
        *(torch.arange(n, dtype=x.dtype) for n in x.shape[2:]), indexing="ij")).sum(0),
    "noise level": lambda x: torch.cat(
        [x[:, 1:], torch.full_like(x[:, :1], 0.2) + x.new_full((1, 1, *x.shape[2:]), 2)], 1),
    "zeros of its shape": lambda x: torch.cat([x[:, :2], x.new_zeros(x[:, 2:].shape)], 1) + torch.zeros(x.shape[1:]),
    "in place": lambda x: (x * 1).mul_(torch.linspace(1, 2, x.shape[-1], dtype=x.dtype)),
    "stacked": lambda x: torch.stack([x, x.new_ones(x.shape)], 1).sum(1),
    "larger or constant": lambda x: torch.max(x, torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)),
    "where": lambda x: torch.where(torch.arange(x.shape[-1]) % 2 == 0, x, 2 * x),
}  # fmt: skip


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_over_the_image(name: str, exact: Callable[..., None]) -> None:
    exact(between(Apply(CONSTANTS[name]), 2), image(), 1, 5, (7, 4))


def test_a_learned_constant_over_the_image(exact: Callable[..., None]) -> None:
    layer = Apply(lambda x, held: x + held.weight, nn.Linear(1, 1))
    layer.layers[0].weight = nn.Parameter(image(channels=4))
    exact(between(layer, 2), image(), 1, 5)

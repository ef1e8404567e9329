"""Tokens, windows and flattened images, streamed as what they are; and the arithmetic of shapes."""

from collections.abc import Callable
from itertools import pairwise
from math import prod

import pytest
import torch
from hypothesis import given, strategies as st
from torch import Tensor, nn
from torch.nn import functional

from tests.engine.streaming.layers import Apply, between, conv, image
from wholefield.streaming import Streamed
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.operations.layout import Part, Places, dims_of, pick, regroup, stored_as
from wholefield.streaming.operations.registry import Refusal


def tokens(x: Tensor, norm: nn.Module, wide: nn.Module) -> Tensor:
    y = norm(x.flatten(2).transpose(1, 2))
    y = y + functional.gelu(wide(y))
    return y.transpose(1, 2).reshape(x.shape)


def unshuffled(x: Tensor, narrow: nn.Module) -> Tensor:
    """Pixel unshuffle and shuffle as Python writes them."""
    batch, channels, height, width = x.shape
    x = functional.pad(x, (0, -width % 3, 0, -height % 2))
    blocks = x.view(batch, channels, x.shape[2] // 2, 2, x.shape[3] // 3, 3).permute(0, 1, 3, 5, 2, 4)
    small = narrow(blocks.reshape(batch, channels * 6, *blocks.shape[-2:]))
    wide = small.view(batch, channels, 2, 3, *small.shape[-2:]).permute(0, 1, 4, 2, 5, 3)
    return wide.reshape(batch, channels, small.shape[2] * 2, small.shape[3] * 3)[..., :height, :width]


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "tokens": lambda: Apply(tokens, nn.LayerNorm(4), nn.Linear(4, 4)),
    "unshuffled": lambda: Apply(unshuffled, nn.Conv2d(24, 24, 3, padding=1)),
    "turned and back": lambda: Apply(lambda x, layer: layer(x.mT.tanh().mT * x), conv()),
    "turned, cropped and padded": lambda: Apply(lambda x: functional.pad(x.mT[..., 1:, :-2], (2, 0, 0, 1)).mT * x),
    "into the batch and back": lambda: Apply(lambda x: x.permute(0, 2, 3, 1).reshape(-1, 4).softmax(-1).view(
        x.shape[0], *x.shape[2:], 4).permute(0, 3, 1, 2)),
    "tokens in place": lambda: Apply(lambda x: (x * 1).flatten(2).mul_(2).relu_().view(x.shape)),
    "tokens and constants": lambda: Apply(lambda x: (x.flatten(2).mT * torch.linspace(
        1, 2, x.shape[2] * x.shape[3], dtype=x.dtype)[:, None]).mT.view(x.shape)),
    "pieces of tokens": lambda: Apply(lambda x: x.flatten(2).mT.unflatten(2, (2, 2)).permute(2, 0, 1, 3)[0]
                                       .repeat(1, 1, 2).mT.reshape(x.shape)),
    "joined tokens": lambda: Apply(lambda x: torch.stack(torch.cat([x.flatten(2), 2 * x.flatten(-2)], 1).split(4, 1))
                                   .sum(0).unflatten(2, x.shape[2:])),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_shapes(name: str, exact: Callable[..., None]) -> None:
    exact(between(LAYERS[name](), 2), image(batch=2), 1, 5, (7, 4))
    exact(between(LAYERS[name](), 2), image()[..., :3, :7], 3)
    if "cropped" not in name:
        exact(between(LAYERS[name](), 2), image()[..., :1, :7], 3)


def test_a_flattened_result(exact: Callable[..., None]) -> None:
    exact(nn.Sequential(conv(2, 4), nn.Flatten(2)).double(), image(batch=2), 1, 6)
    exact(nn.Sequential(conv(2, 4), nn.Flatten()).double(), image(batch=2), 6)


def test_tokens_of_a_volume(exact: Callable[..., None]) -> None:
    exact(between(Apply(tokens, nn.LayerNorm(4), nn.Linear(4, 4)), 3), image(3), 4, (3, 8, 5))


def test_an_array_cannot_take_what_is_flattened() -> None:
    x = image()
    with pytest.raises(ValueError, match="flattens the image"):
        Streamed(nn.Flatten(2), 4).write(x, torch.empty(1, 2, x[0, 0].numel()).numpy())


@given(st.data())
def test_a_block_of_a_reshaped_tensor_holds_the_same_elements(data: st.DataObject) -> None:
    """Split into windows and put together in any way, dimensions count the same elements in the same order."""
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=4, max_size=5))
    windows = data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=2))
    axes = tuple(sorted(data.draw(st.sets(st.integers(0, len(sizes) - 1), min_size=2, max_size=2))))
    shape = tuple(n * windows[axes.index(k)] if k in axes else n for k, n in enumerate(sizes))
    before = dims_of(Ref(0, shape, axes, torch.float32))
    pieces = [n for k, n in enumerate(sizes) for n in ([n, windows[axes.index(k)]] if k in axes else [n])]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(pieces) - 1), max_size=4)))
    target = [prod(pieces[i:j]) for i, j in pairwise([0, *cuts, len(pieces)])]
    dims = regroup(before, target)
    stored, found, groups = stored_as(dims)
    assert [prod(part.size for part in dim) for dim in dims] == target
    assert prod(stored) == prod(shape)
    assert len(found) == 2
    assert Ref(0, stored, found, torch.float32, groups).seen == tuple(target)
    assert dims_of(Ref(0, stored, found, torch.float32, groups)) == dims


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.data())
def test_places_of_a_block(batch: int, rows: int, columns: int, data: st.DataObject) -> None:
    parts = (Part(batch), Part(rows, 0), Part(columns, 1))
    box = []
    for length in (rows, columns):
        start = data.draw(st.integers(0, length - 1))
        box.append((start, data.draw(st.integers(start + 1, length))))
    numbers = torch.arange(batch * rows * columns)
    (top, bottom), (left, right) = box
    expected = numbers.view(batch, rows, columns)[:, top:bottom, left:right].flatten()
    assert torch.equal(pick(numbers, 0, Places.of(parts, tuple(box))), expected)


def test_windows_that_do_not_divide_the_image() -> None:
    with pytest.raises(Refusal, match="unequal length"):
        regroup(((Part(1),), (Part(9, 0),)), (3, 2))
    with pytest.raises(Refusal, match="unequal length"):
        regroup(((Part(3),), (Part(5, 0),)), (5, 3))

"""Pools beside plain autograd in double precision: value, gradients of weights and image, masks, several at once."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from wholefield.streaming import (
    AttentionPool,
    GatedAttentionPool,
    GeneralizedMeanPool,
    LogSumExpPool,
    MaxPool,
    MeanPool,
    Reduction,
    Scored,
    Streamed,
    StreamingError,
    TopKPool,
    mask_at,
)

Make = Callable[[], Reduction]
Plain = Callable[[Any, Tensor], Tensor]


def plain_attention(pool: AttentionPool, flat: Tensor) -> Tensor:
    positions = flat.transpose(1, 2)
    hidden = torch.tanh(pool.value(positions))
    if isinstance(pool, GatedAttentionPool):
        hidden = hidden * torch.sigmoid(pool.gate(positions))
    means = torch.softmax(pool.score(hidden), 1).transpose(1, 2) @ positions
    return means[:, 0] if means.shape[1] == 1 else means


def plain_top(pool: TopKPool, flat: Tensor) -> Tensor:
    return flat.sort(2, descending=True).values[..., : pool.k].mean(2)


# Each pool with what it is in plain torch, of features (batch, channels, positions).
POOLS: dict[str, tuple[Make, Plain]] = {
    "mean": (MeanPool, lambda pool, flat: flat.mean(2)),
    "max": (MaxPool, lambda pool, flat: flat.amax(2)),
    "top": (lambda: TopKPool(7), plain_top),
    "all": (lambda: TopKPool(10_000), plain_top),
    "lse": (
        lambda: LogSumExpPool(300.0),
        lambda pool, flat: (torch.logsumexp(300 * flat, 2) - math.log(flat.shape[2])) / 300,
    ),
    "gem": (GeneralizedMeanPool, lambda pool, flat: flat.clamp(min=1e-6).pow(pool.p).mean(2).pow(1 / pool.p)),
    "attention": (lambda: AttentionPool(4, 5), plain_attention),
    "gated": (lambda: GatedAttentionPool(4, 5), plain_attention),
    "branches": (lambda: GatedAttentionPool(4, 5, branches=3), plain_attention),
}
each_pool = pytest.mark.parametrize("name", POOLS)


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.GELU(), nn.Conv2d(4, 4, 3)).double()


def image(batch: int = 2) -> Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.randn(batch, 2, 37, 29, dtype=torch.double, generator=random).requires_grad_()


def some_tissue(batch: int) -> Tensor:
    """A mask at the positions of the network over that image; the first tiles have none."""
    mask = torch.rand(batch, 17, 13, generator=torch.Generator().manual_seed(2)) < 0.3
    mask[:, :6] = False
    return mask


def gradients(pooled: Any, *wanted: Tensor) -> list[Tensor]:
    random = torch.Generator().manual_seed(5)
    leaves = tree_leaves(pooled)
    score = torch.stack(
        [
            (leaf * torch.randn(leaf.shape, dtype=leaf.dtype, generator=random)).sum().double()
            for leaf in leaves
        ]
    )
    return [*leaves, *torch.autograd.grad(score.sum(), wanted)]


def assert_same(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("tile", "workers"), [(5, 1), (16, 3), (64, 1)])
@each_pool
def test_a_streamed_pool_is_that_of_autograd(name: str, tile: int, workers: int, masked: bool) -> None:
    make, plain = POOLS[name]
    net, pool, x = network(), make().double(), image()
    wanted = [x, *net.parameters(), *pool.parameters()]
    mask = some_tissue(2) if masked else None
    flats = net(x).flatten(2).split(1)
    chosen = mask.flatten(1) if mask is not None else torch.ones(2, 17 * 13, dtype=torch.bool)
    whole = torch.cat([plain(pool, flat[..., own]) for flat, own in zip(flats, chosen, strict=True)])
    streamed = Streamed(net, tile, smallest_block=1, reduction=pool, workers=workers)
    assert_same(gradients(streamed(x, mask), *wanted), gradients(whole, *wanted))


@each_pool
def test_features_at_hand_are_pooled_alike(name: str) -> None:
    make, plain = POOLS[name]
    pool, features = make().double(), torch.randn(2, 4, 9, 7, dtype=torch.double)
    torch.testing.assert_close(pool(features), plain(pool, features.flatten(2)), rtol=1e-12, atol=1e-12)
    mask = torch.rand(1, 9, 7) < 0.5
    expected = plain(pool, features.flatten(2)[..., mask.flatten()])
    torch.testing.assert_close(pool(features, mask), expected, rtol=1e-12, atol=1e-12)


def test_several_pools_of_one_sweep() -> None:
    net, x = network(), image()
    pools = {name: make().double() for name, (make, _) in POOLS.items()}
    wanted = [x, *net.parameters(), *(p for pool in pools.values() for p in pool.parameters())]
    whole = {name: POOLS[name][1](pool, net(x).flatten(2)) for name, pool in pools.items()}
    streamed = Streamed(net, 16, reduction=pools)
    found = streamed(x)
    assert found.keys() == whole.keys()
    assert_same(gradients(found, *wanted), gradients(whole, *wanted))
    assert {name.split(".")[0] for name, _ in streamed.named_parameters()} == {"network", "reduction"}


def test_several_pools_keep_their_structure() -> None:
    pools = MeanPool(), AttentionPool(4, 5, branches=2).double()
    mean, branches = Streamed(network(), 16, reduction=pools)(image())
    assert [mean.shape[1:], branches.shape[1:]] == [(4,), (2, 4)]


def test_equal_values_at_the_border_of_the_largest_share_the_gradient() -> None:
    x = torch.tensor([3.0, 1, 1, 2, 1, 0]).reshape(1, 1, 6).requires_grad_()
    Streamed(nn.Identity(), 2, smallest_block=1, reduction=TopKPool(4))(x).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad[0, 0] * 4, torch.tensor([1.0, 2 / 3, 2 / 3, 1, 2 / 3, 0]))


def test_attention_comes_with_the_pooled_features() -> None:
    net, pool, x, mask = network(), AttentionPool(4, 5, branches=2).double(), image(), some_tissue(2)
    pooled, scores = Streamed(Scored(net, pool), 16, reduction=pool)(x, mask)
    attention = pool.attention(scores, mask)
    assert not attention[~mask.unsqueeze(1).expand_as(attention)].any()
    torch.testing.assert_close(torch.einsum("bkyx,bcyx->bkc", attention, net(x)), pooled)
    expected = pool(net(x), mask), pool.attention(pool.score_map(net(x)), mask)
    wanted = [x, *net.parameters(), *pool.parameters()]
    assert_same(gradients((pooled, attention), *wanted), gradients(expected, *wanted))


def test_a_background_that_is_not_a_number_does_not_count() -> None:
    x, mask = torch.full((1, 3, 8, 8), torch.nan), torch.zeros(1, 8, 8, dtype=torch.bool)
    x[..., 2:5, 3:] = 0.25
    mask[:, 2:5, 3:] = True
    for pool in (MeanPool(), GeneralizedMeanPool(), LogSumExpPool(), MaxPool(), AttentionPool(3)):
        torch.testing.assert_close(
            Streamed(nn.Identity(), 3, reduction=pool)(x, mask), torch.full((1, 3), 0.25)
        )


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (torch.ones(1, 8, 7, dtype=torch.bool), r"must be torch.bool \(2, 8, 8\)"),
        (torch.ones(2, 8, 8), "is torch.float32"),
        (torch.zeros(2, 8, 8, dtype=torch.bool), "nothing of an image"),
    ],
)
def test_masks_that_do_not_fit(mask: Tensor, sentence: str) -> None:
    with pytest.raises(StreamingError, match=sentence):
        Streamed(nn.Identity(), 4, reduction=MeanPool())(torch.zeros(2, 1, 8, 8), mask)


def test_a_mask_without_a_reduction_is_refused() -> None:
    with pytest.raises(StreamingError, match="what a reduction counts"):
        Streamed(nn.Identity(), 4)(torch.zeros(1, 1, 8), torch.ones(1, 8, dtype=torch.bool))


def test_settings_that_cannot_be() -> None:
    with pytest.raises(StreamingError, match="at least 1"):
        TopKPool(0)
    with pytest.raises(StreamingError, match="above 0"):
        LogSumExpPool(0)


def test_a_mask_at_the_positions_of_an_output() -> None:
    tissue = torch.zeros(1, 64, 48, dtype=torch.bool)
    tissue[:, 20:40, 12:48] = True
    assert torch.equal(mask_at(tissue, (64, 48)), tissue)
    # Rows 20 to 40 are three quarters of the second of four bands and half of the third.
    for share, rows in ((0.5, [1, 2]), (0.6, [1]), (0.8, [])):
        assert mask_at(tissue, (4, 4), share).any(2)[0].nonzero()[:, 0].tolist() == rows

"""Running reductions in half precision: as many blocks as there are must not blur the sum."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.parts import gradient
from wholefield.streaming import GatedAttentionPool, MaxPool, MeanPool, Reduction, Streamed


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("make", [MeanPool, MaxPool, lambda: GatedAttentionPool(4, hidden=8)])
def test_a_thousand_blocks_in_half_precision(make: Callable[[], Reduction], autocast: bool) -> None:
    reduction, network = make(), nn.Conv2d(2, 4, 3, padding=1)
    image = torch.rand(1, 2, 128, 128)
    expected = reduction.double()(network.double()(image.double()))
    expected.sum().backward()
    weight = network.weight
    assert weight.grad is not None
    wanted, weight.grad = gradient(weight), None
    if autocast:
        network.float(), reduction.float()
    else:
        network.bfloat16(), reduction.bfloat16()
        image = image.bfloat16()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        found = Streamed(network, 4, smallest_block=1, reduction=reduction)(image)
    assert found.dtype == torch.bfloat16
    assert (found - expected).norm() < 1e-2 * expected.norm()
    found.sum().backward()
    if not isinstance(reduction, MaxPool):
        # Where values are rounded, another position may hold the maximum.
        assert (gradient(weight) - wanted).norm() < 3e-2 * wanted.norm()

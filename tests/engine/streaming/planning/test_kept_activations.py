"""Which convolution results are kept, and convolutions that are not computed again."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from wholefield.networks import resnet18, split_resnet
from wholefield.streaming import Streamed, plan
from wholefield.streaming.operations.convolve import convolved, recalled_linear
from wholefield.streaming.planning.kept_activations import block_bytes, nodes_to_keep
from wholefield.streaming.tracing.trace import trace

CONVOLVE = (functional.conv1d, functional.conv2d, functional.conv3d)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_recalled_convolution_has_the_gradients_of_a_computed_one(
    axes: int, groups: int, bias: bool, dtype: torch.dtype
) -> None:
    def fresh() -> list[Any]:
        torch.manual_seed(3)
        shapes = [(2, 4, *(9, 8, 7)[:axes]), (6, 4 // groups, *(3, 2, 3)[:axes]), (6,)]
        leaves: list[Any] = [torch.randn(s, dtype=dtype, requires_grad=True) for s in shapes]
        return leaves if bias else [*leaves[:2], None]

    options = ((2, 1, 1)[:axes], (1, 2, 1)[:axes], groups)
    leaves = fresh()
    convolve: Any = CONVOLVE[axes - 1]
    computed = convolve(*leaves, options[0], 0, options[1], groups)
    grad = torch.randn_like(computed)
    computed.backward(grad)
    others = fresh()
    result = convolved(others[0], others[1], others[2], *options, known=computed.detach().clone())
    assert torch.equal(result, computed)
    result.backward(grad)
    for one, other in zip(leaves, others, strict=True):
        if one is not None and other is not None:
            torch.testing.assert_close(other.grad, one.grad)


@pytest.mark.parametrize("bias", [True, False])
def test_a_recalled_linear_layer_has_the_gradients_of_a_computed_one(bias: bool) -> None:
    def fresh() -> list[Any]:
        torch.manual_seed(3)
        shapes = [(2, 5, 7, 4), (6, 4), (6,)]
        leaves: list[Any] = [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes]
        return leaves if bias else [*leaves[:2], None]

    leaves, others = fresh(), fresh()
    computed = functional.linear(*leaves)
    grad = torch.randn_like(computed)
    computed.backward(grad)
    result = recalled_linear(computed.detach().clone(), *others)
    assert torch.equal(result, computed)
    result.backward(grad)
    for one, other in zip(leaves, others, strict=True):
        if one is not None and other is not None:
            torch.testing.assert_close(other.grad, one.grad)


def test_the_first_to_be_kept_save_most_work_for_their_bytes() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.Conv2d(16, 64, 5), nn.Conv2d(64, 32, 3), nn.Conv2d(32, 2, 1)
    )
    program = trace(network, (1, 3, 40, 40), torch.float32, torch.device("cpu"))
    # Multiply-adds per byte: 27/4, 400/4, 576/4 and 32/4; the first and the last are not worth it.
    sizes = {k: block_bytes(program.nodes[k]) for k in (1, 2, 3, 4)}
    assert nodes_to_keep(program, 0) == frozenset()
    assert nodes_to_keep(program, sizes[3]) == {3}
    assert nodes_to_keep(program, sizes[3] + sizes[2] - 1) == {3}
    assert nodes_to_keep(program, sum(sizes.values())) == {3, 2}


def test_the_plan_tells_what_is_kept() -> None:
    network, _ = split_resnet(resnet18())
    shape = (1, 3, 512, 512)
    nothing, some = (plan(network.eval(), shape, 128, keep_budget=budget).memory for budget in (0, 5_000_000))
    assert nothing.blocks == 0 < some.blocks <= 5_000_000
    assert nothing.halos == some.halos


def test_in_mixed_precision_what_is_kept_changes_nothing() -> None:
    network = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(64, 4, 3))
    image = torch.randn(1, 3, 45, 37)
    found = []
    for budget in (0, 10**9):
        with torch.autocast("cpu", torch.bfloat16):
            y = Streamed(network, 16, keep_budget=budget)(image)
        assert (
            nodes_to_keep(trace(network, image.shape, image.dtype, image.device), budget) == {3} or not budget
        )
        found.append((y, torch.autograd.grad(y.float().square().sum(), list(network.parameters()))))
    (one, ones), (other, others) = found
    assert torch.equal(one, other)
    for first, second in zip(ones, others, strict=True):
        torch.testing.assert_close(first, second, rtol=2e-2, atol=2e-2)

"""Kernels as matrices: nothing is lost, and a product with a pixel's channels is the convolution's sum there."""

import pytest
import torch

from tests.engine.networks.msd.kernel.cases import parameters
from wholefield.networks.msd.kernel.parameters import Parameters, as_kernel, as_matrix
from wholefield.networks.msd.spec import BlockSpec


@pytest.mark.parametrize("shape", [(2, 5, 3, 3), (1, 3, 3, 3, 3)])
def test_a_kernel_comes_back_from_its_matrix(shape: tuple[int, ...]) -> None:
    weight = torch.randn(shape)
    matrix = as_matrix(weight)
    assert matrix.shape == (3 ** (len(shape) - 2) * shape[0], shape[1])
    assert torch.equal(as_kernel(matrix, weight.shape), weight)
    assert torch.equal(matrix[: shape[0]], weight.flatten(2)[:, :, 0])


@pytest.mark.parametrize("shape", [(1, 2, 5, 6), (1, 2, 4, 5, 6)])
def test_the_bias_is_read_through_the_channel_of_ones_at_the_central_tap(shape: tuple[int, ...]) -> None:
    _, bias, weights, each = parameters(shape, 5, 2, (1, 2))
    spec = BlockSpec(2, 2, each, len(shape) - 2, 2)
    packed = Parameters.pack(spec, weights, bias)
    for layer, kernel in enumerate(packed.kernels):
        ones = kernel[:, 0].view(spec.taps, 2)
        assert torch.equal(ones[spec.taps // 2], bias[2 * layer : 2 * layer + 2])
        assert ones.count_nonzero() == 2
        assert torch.equal(as_kernel(kernel[:, 1:], weights[layer].shape), weights[layer])


def test_groups_read_what_lies_in_front_and_layers_what_lies_inside() -> None:
    _, bias, weights, each = parameters((1, 1, 5, 6), 5, 1, (1,))
    spec = BlockSpec(1, 1, each, 2, 3)
    packed = Parameters.pack(spec, weights, bias)
    first, second = spec.groups()
    assert packed.front(first).shape == (3 * 9, 2)
    assert packed.front(second).shape == (2 * 9, 5)
    own = packed.own(second, 4)
    assert [tap.shape for tap in own] == [(3, 1)] * 3
    # One matrix for each tap along the row; its rows are the taps across.
    for tap, matrix in enumerate(own):
        assert torch.equal(matrix[:, 0], weights[4][0, 4, :, tap])

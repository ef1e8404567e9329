"""Frozen parameters: what needs no gradient is not computed, and the rest stays right."""

import pytest
import torch

from tests.engine.networks.msd.kernel.cases import parameters, with_cat
from wholefield.networks.msd.kernel.backward import Wanted
from wholefield.networks.msd.kernel.functions import msd_block, msd_network
from wholefield.networks.msd.spec import Group


@pytest.mark.parametrize("trainable", [set(), {0}, {5}, {2, 3}, {6}])
@pytest.mark.parametrize("image_too", [False, True])
def test_frozen_weights_leave_the_other_gradients_right(trainable: set[int], image_too: bool) -> None:
    image, bias, weights, each = parameters((1, 1, 8, 9), 7, 1, (1, 2, 3))
    final, final_bias = torch.randn(1, 8, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    image, bias = image.detach().requires_grad_(image_too), bias.detach()
    weights = [weight.detach().requires_grad_(i in trainable) for i, weight in enumerate(weights)]
    asked = [each for each in (image, *weights) if each.requires_grad]
    if not asked:
        assert not msd_network(image, each, bias, weights, final, final_bias, 3).requires_grad
        return
    found = torch.autograd.grad(
        msd_network(image, each, bias, weights, final, final_bias, 3).square().sum(), asked
    )
    output = torch.einsum("oc,bchw->bohw", final, with_cat(image, each, bias, weights))
    expected = torch.autograd.grad(output.square().sum(), asked)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_bias_alone_can_be_trained() -> None:
    image, bias, weights, each = parameters((1, 1, 8, 9), 4, 2, (1, 2, 3))
    fixed = [weight.detach() for weight in weights]
    found = torch.autograd.grad(msd_block(image.detach(), each, bias, fixed, 3).square().sum(), bias)
    expected = torch.autograd.grad(with_cat(image.detach(), each, bias, fixed).square().sum(), bias)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_what_is_wanted_below_and_within_a_group() -> None:
    wanted = Wanted.of(False, False, [False, True, False, False])
    groups = [Group(range(2), 2), Group(range(2, 4), 4)]
    assert [wanted.within(group) for group in groups] == [True, False]
    assert [wanted.below(group) for group in groups] == [False, True]
    assert Wanted.of(True, False, [False] * 4).below(groups[0])
    assert Wanted.of(False, True, [False] * 4).within(groups[1])

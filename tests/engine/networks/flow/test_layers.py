"""Layers whose result depends on no statistics of batch or image."""

import pytest
import torch

from wholefield.networks.flow.layers import (
    Depthwise,
    ScaledReLU,
    SqueezeExcite,
    StandardConvolution,
    block,
    convolution,
)


def test_standardized_weights_have_mean_0_and_unit_fan_in_variance() -> None:
    torch.manual_seed(0)
    layer = StandardConvolution(5, 7).double()
    weights = layer.standardized().flatten(1)
    torch.testing.assert_close(weights.mean(1), torch.zeros(7).double(), atol=1e-12, rtol=0)
    torch.testing.assert_close(weights.var(1, correction=0) * 45, torch.ones(7).double(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("separable", [True, False])
def test_keeps_the_variance_of_noise(separable: bool) -> None:
    torch.manual_seed(1)
    x = torch.randn(8, 32, 40, 40)
    layers = torch.nn.Sequential(*(block(32, 32, separable, squeeze=False) for _ in range(4)))
    with torch.no_grad():
        assert 0.3 < float(layers(x).var()) < 3


def test_a_sample_means_the_same_in_any_batch_and_in_training_or_evaluation() -> None:
    torch.manual_seed(2)
    x = torch.randn(6, 4, 9, 11).double()
    layer = block(4, 8, separable=True, squeeze=True).double()
    alone = torch.cat([layer.eval()(one[None]) for one in x])
    torch.testing.assert_close(layer.train()(x), alone, rtol=0, atol=1e-12)


def test_scaled_relu_keeps_unit_variance() -> None:
    torch.manual_seed(3)
    assert float(ScaledReLU()(torch.randn(200_000)).var()) == pytest.approx(1, rel=0.02)


def test_squeeze_excite_weighs_whole_channels() -> None:
    torch.manual_seed(4)
    x = torch.rand(2, 8, 5, 7) + 0.1
    ratio = SqueezeExcite(8)(x) / x
    torch.testing.assert_close(ratio, ratio[..., :1, :1].expand_as(ratio))
    assert 0 < float(ratio.detach().min()) < float(ratio.detach().max()) < 2


def test_separable_is_depthwise_then_pointwise() -> None:
    layers = list(convolution(6, 10, separable=True))  # type: ignore[call-overload]
    assert isinstance(layers[0], Depthwise)
    assert layers[1].weight.shape == (10, 6, 1, 1)


@pytest.mark.parametrize("separable", [True, False])
def test_gradients(separable: bool) -> None:
    torch.manual_seed(5)
    layer = convolution(2, 3, separable).double()
    x = torch.randn(1, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))

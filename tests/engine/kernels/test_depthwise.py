"""The weight gradient of depthwise convolutions: torch's own in float64 is the reference."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from wholefield.kernels import depthwise, threads
from wholefield.streaming.operations.convolve import convolved


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 20),
    st.tuples(st.integers(1, 12), st.integers(1, 19)),
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    st.sampled_from([1, 2, 3]),
)
def test_weight_gradient(
    batch: int, channels: int, size: tuple[int, int], kernel: tuple[int, int], wanted: int
) -> None:
    image = drawn(batch, channels, size[0] + kernel[0] - 1, size[1] + kernel[1] - 1)
    gradient, weight = (
        drawn(batch, channels, *size, seed=1),
        drawn(channels, 1, *kernel, seed=2).requires_grad_(),
    )
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "LEAST_PART", 1)
        torch.set_num_threads(wanted)
        try:
            found = depthwise.gradients(gradient, image, weight, (False, True, False))[1]
        finally:
            torch.set_num_threads(before)
    functional.conv2d(image, weight, groups=channels).backward(gradient)
    assert weight.grad is not None
    torch.testing.assert_close(found, weight.grad, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_all_gradients_of_the_convolution(memory_format: torch.memory_format) -> None:
    leaves = [drawn(2, 24, 20, 17), drawn(24, 1, 7, 7, seed=1), drawn(24, seed=2)]
    image, weight, bias = [t.requires_grad_() for t in leaves]
    ours = convolved(image.contiguous(memory_format=memory_format), weight, bias, (1, 1), (1, 1), 24)
    plain = functional.conv2d(image, weight, bias, groups=24)
    gradient = drawn(*plain.shape, seed=3)
    torch.testing.assert_close(ours, plain)
    for one, other in zip(
        torch.autograd.grad(ours, leaves, gradient),
        torch.autograd.grad(plain, leaves, gradient),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_rounding_of_float32_stays_small() -> None:
    leaves = drawn(1, 32, 96, 84, seed=1), drawn(1, 32, 102, 90), drawn(32, 1, 7, 7)
    wants = False, True, False
    exact = depthwise.gradients(*leaves, wants)[1]
    gradient, pixels, weight = (t.float() for t in leaves)
    found = depthwise.gradients(gradient, pixels, weight, wants)[1]
    assert exact is not None
    assert found is not None
    assert (found - exact).square().mean().sqrt() < 1.5e-6 * exact.square().mean().sqrt()


def test_where_it_is_used() -> None:
    image, weight = torch.randn(1, 32, 20, 20), torch.randn(32, 1, 7, 7)
    suits = partial(depthwise.suits, stride=(1, 1), dilation=(1, 1), groups=32)
    assert suits(image, weight)
    assert not suits(image, weight, stride=(2, 1))
    assert not suits(image, weight, dilation=(1, 2))
    assert not suits(image[:, :8], weight[:8], groups=8)
    assert not suits(image, torch.randn(64, 1, 7, 7))
    assert not suits(image, torch.randn(32, 1, 1, 1))
    assert not suits(image.bfloat16(), weight.bfloat16())
    assert not suits(torch.randn(1, 32, 8, 8, 8), torch.randn(32, 1, 3, 3, 3))


def test_counted_as_what_it_is() -> None:
    image, weight = torch.randn(1, 32, 20, 20), torch.randn(32, 1, 5, 5, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        convolved(image, weight, None, (1, 1), (1, 1), 32).sum().backward()
    # Forward and backward once each, a multiplication and an addition per result and tap.
    assert counter.get_total_flops() == 2 * 2 * 32 * 16 * 16 * 25

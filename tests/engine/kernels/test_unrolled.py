"""Gradients of convolutions as products of unrolled patches: torch's own in float64 is the reference."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor
from torch.nn import functional

from wholefield.kernels import threads, unrolled
from wholefield.streaming.operations.convolve import convolved

Pair = tuple[int, int]

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def last(image: Tensor) -> Tensor:
    return image.contiguous(memory_format=torch.channels_last)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 2),
    st.tuples(st.integers(2, 5), st.integers(1, 6)),
    st.tuples(st.integers(1, 7), st.integers(1, 6)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    pairs,
    pairs,
    st.sampled_from([1, 2, 3]),
)
def test_gradients(
    batch: int, channels: Pair, size: Pair, kernel: Pair, stride: Pair, dilation: Pair, wanted: int
) -> None:
    # Some pixels at the end are under no kernel.
    whole = [(n - 1) * s + (k - 1) * d + s for n, s, k, d in zip(size, stride, kernel, dilation, strict=True)]
    image = last(drawn(batch, channels[0], *whole)).requires_grad_()
    weight = drawn(channels[1], channels[0], *kernel, seed=1).requires_grad_()
    bias = drawn(channels[1], seed=2).requires_grad_()
    result = functional.conv2d(image, weight, bias, stride, 0, dilation)
    gradient = last(drawn(*result.shape, seed=3))
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "LEAST_PART", 1)
        patch.setattr(unrolled, "LEAST_SCRATCH", 8 * 2 * channels[0] * kernel[0] * kernel[1] * size[1])
        torch.set_num_threads(wanted)
        try:
            found = unrolled.gradients(gradient, image, weight, stride, dilation, (True, True, True))
        finally:
            torch.set_num_threads(before)
    for one, other in zip(found, torch.autograd.grad(result, (image, weight, bias), gradient), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_of_a_view_into_a_larger_image() -> None:
    image = last(drawn(1, 3, 20, 24))[:, :, 2:15, 3:20].requires_grad_()
    weight = last(drawn(4, 3, 3, 3, seed=1)).requires_grad_()
    result = convolved(image, weight, None, (2, 1), (1, 2), 1)
    plain = functional.conv2d(image, weight, None, (2, 1), 0, (1, 2))
    gradient = last(drawn(1, 4, 30, 30, seed=2))[:, :, : plain.shape[2], 1 : 1 + plain.shape[3]]
    torch.testing.assert_close(result, plain)
    for one, other in zip(
        torch.autograd.grad(result, (image, weight), gradient),
        torch.autograd.grad(plain, (image, weight), gradient),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_rounding_of_float32_stays_small() -> None:
    wants = False, True, False
    gradient, image, weight = (
        last(drawn(1, 8, 90, 90)),
        last(drawn(1, 6, 181, 181, seed=1)),
        drawn(8, 6, 3, 3),
    )
    exact = unrolled.gradients(gradient, image, weight, (2, 2), (1, 1), wants)[1]
    found = unrolled.gradients(gradient.float(), image.float(), weight.float(), (2, 2), (1, 1), wants)[1]
    assert exact is not None
    assert found is not None
    assert (found - exact).square().mean().sqrt() < 3e-6 * exact.square().mean().sqrt()


def test_where_it_is_used() -> None:
    image, weight = last(torch.randn(1, 8, 20, 20)), torch.randn(4, 8, 3, 3)
    suits = partial(unrolled.suits, stride=(2, 2), dilation=(1, 1), groups=1)
    assert suits(image, weight)
    assert not suits(image.contiguous(), weight)
    assert not suits(image.bfloat16(), weight)
    assert not suits(image, torch.randn(4, 4, 3, 3), groups=2)
    with torch.autocast("cpu"):
        assert not suits(image, weight)

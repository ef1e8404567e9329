"""3x3 convolutions through 36 products: torch's own in float64 is the reference."""

from functools import partial
from threading import Thread
from typing import Any

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from wholefield.kernels import threads as threading_of_kernels, winograd, winograd_tiles
from wholefield.kernels.scratch import scratch_in_use

sizes = st.integers(3, 14)
few = st.integers(1, 5)


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def reference(gradient: Tensor, image: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, ...]:
    """The result of torch and its gradients."""
    leaves: list[Any] = [t.detach().clone().requires_grad_() for t in (image, weight, bias) if t is not None]
    result = functional.conv2d(*leaves)
    return result.detach(), *torch.autograd.grad(result, leaves, gradient)


def assert_close(found: Tensor | None, expected: Tensor, tolerance: float = 1e-13) -> None:
    assert found is not None
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= tolerance * max(expected.abs().max().item(), 1)


@settings(max_examples=60, deadline=None)
@given(few, few, few, sizes, sizes, st.booleans(), st.integers(1, 20))
def test_result_and_gradients(
    batch: int, channels: int, filters: int, height: int, width: int, biased: bool, tiles: int
) -> None:
    image, weight = drawn(batch, channels, height, width), drawn(filters, channels, 3, 3, seed=1)
    bias = drawn(filters, seed=2) if biased else None
    gradient = drawn(batch, filters, height - 2, width - 2, seed=3)
    with pytest.MonkeyPatch.context() as patch:
        # As little scratch memory as makes the rows of tiles go through it in several parts.
        patch.setattr(winograd_tiles, "SCRATCH", tiles * 36 * max(channels, filters) * 8)
        found = winograd.convolve(image, weight, bias)
        gradients = winograd.gradients(gradient, image, weight, (True, True, biased))
    expected = reference(gradient, image, weight, bias)
    for one, other in zip((found, *gradients), expected, strict=False):
        assert_close(one, other)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("small_filters", [0, 2**30], ids=["shared steps", "each by itself"])
@pytest.mark.parametrize("scratch", [1, 2**17, 2**30])
def test_any_number_of_threads_gives_the_same_numbers(
    threads: int, small_filters: int, scratch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading_of_kernels, "LEAST_PART", 1)
    monkeypatch.setattr(winograd_tiles, "SMALL_FILTERS", small_filters)
    monkeypatch.setattr(winograd_tiles, "SCRATCH", scratch)
    image, weight, gradient = drawn(2, 40, 27, 30), drawn(33, 40, 3, 3, seed=1), drawn(2, 33, 25, 28, seed=2)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = (
            winograd.convolve(image, weight),
            *winograd.gradients(gradient, image, weight, (True, True, False)),
        )
    finally:
        torch.set_num_threads(before)
    for one, other in zip(found[:3], reference(gradient, image, weight, None), strict=True):
        assert_close(one, other)
    assert found[3] is None


def test_parts_of_larger_images_and_any_order_of_dimensions() -> None:
    weight = drawn(4, 3, 3, 3, seed=1)
    large = drawn(2, 3, 30, 31).to(memory_format=torch.channels_last)
    for image in (
        large[:, :, 2:-3, 5:-4],
        large.contiguous()[:, :, 1:, ::2],
        large[:1].expand(3, -1, -1, -1),
    ):
        assert_close(winograd.convolve(image, weight), functional.conv2d(image, weight))


def test_scratch_memory_may_hold_anything() -> None:
    image, weight, gradient = drawn(1, 35, 9, 9), drawn(36, 35, 3, 3, seed=1), drawn(1, 36, 7, 7, seed=2)
    winograd.gradients(gradient * torch.nan, image, weight, (True, True, False))
    found = winograd.gradients(gradient, image, weight, (True, True, False))
    for one, other in zip(found, reference(gradient, image, weight, None)[1:], strict=False):
        assert_close(one, other)


def test_rounding_of_float32_stays_small() -> None:
    image, weight = drawn(1, 128, 40, 40).relu(), drawn(128, 128, 3, 3, seed=1)
    exact = functional.conv2d(image, weight)
    error = winograd.convolve(image.float(), weight.float()) - exact
    assert error.square().mean().sqrt() < 1.5e-6 * exact.square().mean().sqrt()


def test_where_it_is_used() -> None:
    image, weight = torch.randn(1, 64, 66, 50), torch.randn(64, 64, 3, 3)
    suits = partial(winograd.suits, stride=(1, 1), dilation=(1, 1), groups=1)
    assert suits(image, weight)
    assert not suits(image, weight[:8])
    assert not suits(image, torch.randn(64, 64, 5, 5))
    assert not suits(image[:, :, :34, :34], weight)
    assert not suits(torch.randn(1, 512, 18, 18), torch.randn(512, 512, 3, 3))
    assert not suits(image.bfloat16(), weight.bfloat16())
    assert not suits(image, weight, stride=(2, 2))
    assert not suits(image, weight, dilation=(2, 2))
    assert not suits(image, torch.randn(64, 32, 3, 3), groups=2)
    with torch.autocast("cpu"):
        assert not suits(image, weight)


def test_counted_like_any_convolution() -> None:
    image, weight = torch.randn(1, 32, 30, 27), torch.randn(40, 32, 3, 3)
    with FlopCounterMode(display=False) as ours:
        winograd.convolve(image, weight)
    with FlopCounterMode(display=False) as plain:
        functional.conv2d(image, weight)
    assert ours.get_total_flops() == plain.get_total_flops() > 0


@pytest.mark.parametrize("training", [False, True])
def test_scratch_memory_is_what_was_said(training: bool) -> None:
    def work() -> None:
        image, weight = drawn(2, 40, 47, 33), drawn(33, 40, 3, 3, seed=1)
        winograd.convolve(image, weight)
        if training:
            winograd.gradients(drawn(2, 33, 45, 31), image, weight, (True, True, False))
        used.append(scratch_in_use())

    used: list[int] = []
    # Every thread has its own; so small a convolution wakes no other.
    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert used == [winograd.scratch_bytes(40, 33, (2, 45, 31), torch.float64, training)]


def test_scratch_memory_made_in_inference_mode_serves_training() -> None:
    def work() -> None:
        image, weight = drawn(1, 32, 9, 9), drawn(32, 32, 3, 3, seed=1)
        with torch.inference_mode():
            winograd.convolve(image, weight)
        found.append(
            winograd.gradients(drawn(1, 32, 7, 7), image, weight, (True, True, False))[0] is not None
        )

    found: list[bool] = []
    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True]


def test_threads_of_the_kernels_leave_the_number_of_threads_alone() -> None:
    before = torch.get_num_threads()
    counts: list[int] = []
    threading_of_kernels.run_torch([(lambda: counts.append(torch.get_num_threads()),)] * 2)
    later: list[int] = []
    thread = Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert counts == [1, 1]
    assert torch.get_num_threads() == before == later[0]

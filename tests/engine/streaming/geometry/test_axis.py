"""Every map against torch itself: an image with a single bright position tells which outputs read it."""

import pytest
import torch
from hypothesis import assume, given, settings, strategies as st
from torch import Tensor
from torch.nn import functional

from tests.engine.streaming.geometry.maps import LENGTHS, check, reads_of
from wholefield.streaming import symmetric_pad
from wholefield.streaming.geometry.axis import (
    AxisMap,
    Border,
    BorderMode,
    Same,
    Window,
    pooling,
    transposed,
    window,
)
from wholefield.streaming.geometry.interpolation import linear, nearest


@given(LENGTHS)
def test_same_reads_what_it_writes(length: int) -> None:
    check(Same(length, length), reads_of(torch.clone, length))


@settings(max_examples=200)
@given(LENGTHS, st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(0, 6))
def test_convolution(length: int, kernel: int, step: int, dilation: int, padding: int) -> None:
    assume(length + 2 * padding >= dilation * (kernel - 1) + 1)
    weight = torch.ones(1, 1, kernel, dtype=torch.float64)
    reads = reads_of(lambda x: functional.conv1d(x, weight, None, step, padding, dilation), length)
    tight = dilation == 1 and kernel >= step
    check(window(length, kernel, step, dilation, padding), reads, tight=tight)


@settings(max_examples=100)
@given(LENGTHS, st.integers(1, 6), st.integers(1, 3))
def test_convolution_that_keeps_the_size(length: int, kernel: int, dilation: int) -> None:
    weight = torch.ones(1, 1, kernel, dtype=torch.float64)
    total = dilation * (kernel - 1)
    reads = reads_of(
        lambda x: functional.conv1d(
            functional.pad(x, (total // 2, total - total // 2)), weight, dilation=dilation
        ),
        length,
    )
    axis_map = window(length, kernel, 1, dilation, total // 2, total - total // 2)
    check(axis_map, reads, tight=dilation == 1)


@settings(max_examples=200)
@given(LENGTHS, st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.data(), st.booleans())
def test_pooling(
    length: int, kernel: int, step: int, dilation: int, data: st.DataObject, ceil_mode: bool
) -> None:
    padding = data.draw(st.integers(0, kernel // 2))
    assume(length + 2 * padding >= dilation * (kernel - 1) + 1)
    reads = reads_of(
        lambda x: functional.max_pool1d(x, kernel, step, padding, dilation, ceil_mode=ceil_mode), length
    )
    tight = dilation == 1 and kernel >= step
    check(pooling(length, kernel, step, dilation, padding, ceil_mode), reads, tight=tight)


@settings(max_examples=200)
@given(LENGTHS, st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(0, 6), st.integers(0, 3))
def test_transposed_convolution(
    length: int, kernel: int, step: int, dilation: int, padding: int, extra: int
) -> None:
    assume(extra < max(step, dilation))
    assume((length - 1) * step - 2 * padding + dilation * (kernel - 1) + extra + 1 >= 1)
    weight = torch.ones(1, 1, kernel, dtype=torch.float64)
    reads = reads_of(
        lambda x: functional.conv_transpose1d(x, weight, None, step, padding, extra, 1, dilation), length
    )
    tight = dilation == 1 and kernel >= step and not extra
    check(transposed(length, kernel, step, dilation, padding, extra), reads, tight=tight)


@settings(max_examples=200)
@given(LENGTHS, st.integers(-4, 9), st.integers(-4, 9), st.sampled_from(BorderMode))
def test_borders(length: int, before: int, after: int, mode: BorderMode) -> None:
    assume(length + before + after >= 1)
    # torch wants something left of the image.
    assume(length + min(before, 0) + min(after, 0) >= 1)
    if mode is not BorderMode.CONSTANT:
        assume(min(before, after) >= 0)
    if mode is BorderMode.REFLECT:
        assume(max(before, after) < length)
    if mode in (BorderMode.SYMMETRIC, BorderMode.CIRCULAR):
        assume(max(before, after) <= length)

    def padded(x: Tensor) -> Tensor:
        if mode is BorderMode.SYMMETRIC:
            return _symmetric(x, before, after)
        return functional.pad(x, (before, after), mode=mode.value)

    check(Border(length, length + before + after, before, mode), reads_of(padded, length))


def _symmetric(x: Tensor, before: int, after: int) -> Tensor:
    front = x[..., :before].flip(-1)
    back = x[..., x.shape[-1] - after :].flip(-1)
    return torch.cat([front, x, back], dim=-1)


@settings(max_examples=60)
@given(st.integers(1, 9), st.integers(1, 8), st.data())
def test_symmetric_pad_is_a_mirrored_copy(height: int, width: int, data: st.DataObject) -> None:
    left, right = (data.draw(st.integers(0, width)) for _ in range(2))
    top, bottom = (data.draw(st.integers(0, height)) for _ in range(2))
    image = torch.randn(2, 3, height, width, dtype=torch.float64)
    wide = _symmetric(image, left, right)
    expected = _symmetric(wide.transpose(-1, -2), top, bottom).transpose(-1, -2)
    assert torch.equal(symmetric_pad(image, (left, right, top, bottom)), expected)


def test_a_symmetric_border_wider_than_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match=r"border of 4 is wider than the image \(3\)"):
        symmetric_pad(torch.zeros(1, 1, 3), (0, 4))


@settings(max_examples=60)
@given(LENGTHS, st.integers(0, 14), st.integers(1, 15), st.integers(1, 4))
def test_strided_slices(length: int, start: int, stop: int, step: int) -> None:
    stop = min(stop, length)
    assume(start < stop)
    reads = reads_of(lambda x: x[..., start:stop:step], length)
    check(Window(length, len(reads), 1, step, 1, -start), reads, tight=step == 1)


@pytest.mark.parametrize(
    ("axis_map", "stride"),
    [
        (Same(5, 5), "1"),
        (window(9, 3, 2, 1, 1), "2"),
        (transposed(5, 4, 2, 1, 1, 0), "1/2"),
        (Border(5, 9, 2, BorderMode.REFLECT), "1"),
        (nearest(4, 6, None, False), "2/3"),
        (nearest(10, 17, 1.7, False), "10/17"),
        (linear(10, 20, 2.0, False), "1/2"),
        (linear(5, 9, None, True), "1/2"),
    ],
)
def test_stride(axis_map: AxisMap, stride: str) -> None:
    assert str(axis_map.stride) == stride

"""Every map against torch itself: an image with a single bright position tells which outputs read it."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given, settings, strategies as st
from torch import Tensor
from torch.nn import functional

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

Reads = list[set[int]]
"""For each output the inputs that it reads."""

LENGTHS = st.integers(1, 15)


def reads_of(function: Callable[[Tensor], Tensor], length: int) -> Reads:
    bright = torch.eye(length, dtype=torch.float64)[:, None, :]
    seen = function(bright)[:, 0, :] != 0
    return [set(seen[:, k].nonzero()[:, 0].tolist()) for k in range(seen.shape[1])]


def check(axis_map: AxisMap, reads: Reads, *, tight: bool = True, slack: int = 0) -> None:
    """All that the schedule relies on. Tight: nothing is held longer or awaited later than needed."""
    assert axis_map.length_out == len(reads)
    _check_needs(axis_map, reads, tight, slack)
    _check_ready(axis_map, reads, tight and not slack)
    _check_oldest(axis_map, reads, tight and not slack)
    _check_together(axis_map)


def _check_needs(axis_map: AxisMap, reads: Reads, tight: bool, slack: int) -> None:
    for start in range(len(reads)):
        union: set[int] = set()
        for stop in range(start + 1, len(reads) + 1):
            union |= reads[stop - 1]
            low, high = axis_map.needs(start, stop)
            assert 0 <= low < high <= axis_map.length_in
            if union:
                assert low <= min(union) <= max(union) < high
                if tight:
                    assert min(union) - low <= slack
                    assert high - 1 - max(union) <= slack


def _check_ready(axis_map: AxisMap, reads: Reads, tight: bool) -> None:
    assert axis_map.ready(0) == 0
    assert axis_map.ready(axis_map.length_in) == axis_map.length_out
    for available in range(1, axis_map.length_in):
        most = 0
        while most < len(reads) and all(k < available for k in reads[most]):
            most += 1
        found = axis_map.ready(available)
        assert found <= most
        assert found == most or not tight
        assert found >= axis_map.ready(available - 1)


def _check_oldest(axis_map: AxisMap, reads: Reads, tight: bool) -> None:
    assert axis_map.oldest(len(reads)) == axis_map.length_in
    for done in range(len(reads)):
        rest = set().union(*reads[done:])
        found = axis_map.oldest(done)
        assert found <= axis_map.oldest(done + 1)
        if rest:
            assert found <= min(rest)
            assert found == min(rest) or not tight


def _check_together(axis_map: AxisMap) -> None:
    """What becomes ready needs only what is there, and nothing that was let go."""
    steps = sorted({axis_map.ready(available) for available in range(axis_map.length_in + 1)})
    for available in range(1, axis_map.length_in + 1):
        stop = axis_map.ready(available)
        for start in (step for step in steps if step < stop):
            low, high = axis_map.needs(start, stop)
            assert high <= available
            assert low >= axis_map.oldest(start)


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
    if mode is BorderMode.SYMMETRIC:
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


@settings(max_examples=150)
@given(LENGTHS, st.integers(1, 40), st.booleans())
def test_nearest_to_a_size(length: int, outputs: int, centered: bool) -> None:
    mode = "nearest-exact" if centered else "nearest"
    reads = reads_of(lambda x: functional.interpolate(x, size=outputs, mode=mode), length)
    check(nearest(length, outputs, None, centered), reads)


@settings(max_examples=150)
@given(LENGTHS, st.floats(0.2, 4.0), st.booleans())
def test_nearest_by_a_factor(length: int, factor: float, centered: bool) -> None:
    assume(int(length * factor) >= 1)
    mode = "nearest-exact" if centered else "nearest"
    reads = reads_of(lambda x: functional.interpolate(x, scale_factor=factor, mode=mode), length)
    check(nearest(length, len(reads), factor, centered), reads)


@pytest.mark.parametrize("centered", [False, True])
def test_nearest_where_coordinates_are_whole_numbers(centered: bool) -> None:
    """Single precision puts 109 * (4 / 218) below 2; the exact fraction, and torch in double precision, do not."""
    mode = "nearest-exact" if centered else "nearest"
    for length in range(1, 130, 3):
        for outputs in range(1, 400, 7):
            positions = torch.arange(length, dtype=torch.float64)[None, None]
            expected = functional.interpolate(positions, size=outputs, mode=mode)[0, 0]
            found = nearest(length, outputs, None, centered).sources(0, outputs)
            assert found.tolist() == expected.tolist(), (length, outputs)


@settings(max_examples=150)
@given(LENGTHS, st.integers(1, 40), st.booleans())
def test_linear_to_a_size(length: int, outputs: int, aligned: bool) -> None:
    reads = reads_of(
        lambda x: functional.interpolate(x, size=outputs, mode="linear", align_corners=aligned), length
    )
    # A neighbor may be read with weight zero, which the bright position does not show.
    check(linear(length, outputs, None, aligned), reads, slack=1)


@settings(max_examples=150)
@given(LENGTHS, st.floats(0.2, 4.0), st.booleans())
def test_linear_by_a_factor(length: int, factor: float, aligned: bool) -> None:
    assume(int(length * factor) >= 1)
    reads = reads_of(
        lambda x: functional.interpolate(x, scale_factor=factor, mode="linear", align_corners=aligned), length
    )
    check(linear(length, len(reads), factor, aligned), reads, slack=1)


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

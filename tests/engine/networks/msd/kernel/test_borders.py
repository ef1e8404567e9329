"""Reflection at borders: against numpy's symmetric padding, and every operation against its adjoint."""

import numpy as np
import torch
from hypothesis import given, settings, strategies as st

from wholefield.networks.msd.kernel.borders import (
    add_shifted,
    fill_margins,
    fold_margins,
    write_shifted_adjoint,
)

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9))


@st.composite
def shifts(draw: st.DrawFn) -> tuple[tuple[int, ...], int, int]:
    shape = draw(SHAPES)
    axis = draw(st.sampled_from([-1, -2]))
    return shape, axis, draw(st.integers(-shape[axis], shape[axis]))


@settings(deadline=None)
@given(shifts())
def test_add_shifted_reads_symmetric_padding(case: tuple[tuple[int, ...], int, int]) -> None:
    shape, axis, shift = case
    plane = torch.randn(shape, dtype=torch.float64)
    out = torch.zeros_like(plane)
    add_shifted(out, plane, axis, shift)
    pads = [(0, 0)] * len(shape)
    pads[axis] = (abs(shift), abs(shift))
    padded = np.pad(plane.numpy(), pads, mode="symmetric")
    start = abs(shift) + shift
    expected = np.take(padded, range(start, start + shape[axis]), axis=axis)
    np.testing.assert_array_equal(out.numpy(), expected)


@settings(deadline=None)
@given(shifts())
def test_shift_and_its_adjoint_have_the_same_inner_product(case: tuple[tuple[int, ...], int, int]) -> None:
    shape, axis, shift = case
    x, y = torch.randn(shape, dtype=torch.float64), torch.randn(shape, dtype=torch.float64)
    shifted, adjoint = torch.zeros_like(x), torch.full_like(y, torch.nan)
    add_shifted(shifted, x, axis, shift)
    write_shifted_adjoint(adjoint, y, axis, shift)
    torch.testing.assert_close((shifted * y).sum(), (x * adjoint).sum(), rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(SHAPES, st.data())
def test_margins_and_their_adjoint_have_the_same_inner_product(
    shape: tuple[int, ...], data: st.DataObject
) -> None:
    margin = data.draw(st.integers(0, shape[-1]))
    extended = (*shape[:-1], shape[-1] + 2 * margin)
    x, y = torch.randn(extended, dtype=torch.float64), torch.randn(extended, dtype=torch.float64)
    filled = x.clone()
    fill_margins(filled, margin)
    inside = x[..., margin : margin + shape[-1]].numpy()
    np.testing.assert_array_equal(
        filled.numpy(), np.pad(inside, [(0, 0)] * 2 + [(margin, margin)], mode="symmetric")
    )
    folded = y.clone()
    fold_margins(folded, margin)
    found = (x * folded)[..., margin : margin + shape[-1]].sum()
    torch.testing.assert_close((filled * y).sum(), found, rtol=1e-12, atol=1e-12)

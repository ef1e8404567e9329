"""Pieces of one box, joined and cut, against slices of the whole tensor: values and gradients."""

import pytest
import torch
from torch import Tensor

from tests.parts import gradient
from wholefield.streaming.execution.halo import Exchange, assemble, cut, exchange_pieces, pass_on
from wholefield.streaming.geometry.spans import Spans

AXES = (2, 3)
WHOLE: Spans = ((4, 12), (10, 21))
GIVEN: tuple[Spans, ...] = (((6, 12), (13, 21)), ((4, 6), (10, 21)), ((6, 12), (10, 13)))
"""A new block, the halo above it and the halo to its left; together they fill the whole box."""


def part_of(whole: Tensor, spans: Spans) -> Tensor:
    (top, bottom), (left, right) = spans
    (y, _), (x, _) = WHOLE
    return whole[:, :, top - y : bottom - y, left - x : right - x]


@pytest.fixture
def whole() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(2, 3, 8, 11, dtype=torch.float64)


def pieces_of(whole: Tensor) -> list[Tensor]:
    return [part_of(whole, spans).clone().requires_grad_() for spans in GIVEN]


def test_a_cut_is_a_view(whole: Tensor) -> None:
    spans = ((5, 9), (10, 21))
    found = cut(whole, AXES, WHOLE, spans)
    assert torch.equal(found, part_of(whole, spans))
    assert found.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()


def test_pieces_fill_their_box_and_zeros_stand_around_it(whole: Tensor) -> None:
    held: Spans = ((3, 12), (10, 23))
    found = assemble(Exchange(AXES, held, GIVEN, (), 0), pieces_of(whole))
    assert found.shape == (2, 3, 9, 13)
    assert torch.equal(cut(found, AXES, held, WHOLE), whole)
    assert found.abs().sum() == whole.abs().sum()


def test_gradients_of_views_and_halos_add_up(whole: Tensor) -> None:
    taken: tuple[Spans, ...] = (WHOLE, ((5, 12), (10, 20)), ((10, 12), (10, 21)))
    pieces = pieces_of(whole)
    found = exchange_pieces(Exchange(AXES, WHOLE, GIVEN, taken, 2), pieces)
    leaf = whole.clone().requires_grad_()
    wanted = [part_of(leaf, spans) for spans in taken]
    weights = [torch.randn_like(part) for part in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert torch.equal(one, other)
    torch.stack([(part * weight).sum() for part, weight in zip(found, weights, strict=True)]).sum().backward()
    torch.stack(
        [(part * weight).sum() for part, weight in zip(wanted, weights, strict=True)]
    ).sum().backward()
    for piece, spans in zip(pieces, GIVEN, strict=True):
        torch.testing.assert_close(gradient(piece), part_of(gradient(leaf), spans), rtol=1e-14, atol=1e-14)


@torch.no_grad()
def test_without_autograd_halos_are_copies(whole: Tensor) -> None:
    taken: tuple[Spans, ...] = (WHOLE, ((10, 12), (10, 21)))
    view, halo = exchange_pieces(Exchange(AXES, WHOLE, (WHOLE,), taken, 1), [whole])
    assert view is whole
    assert torch.equal(halo, part_of(whole, taken[1]))
    assert halo.untyped_storage().data_ptr() != whole.untyped_storage().data_ptr()


@torch.no_grad()
def test_whole_pieces_are_passed_on_as_they_are(whole: Tensor) -> None:
    pieces = [(spans, part_of(whole, spans).clone()) for spans in GIVEN]
    passed = pass_on(AXES, pieces, ((4, 9), (10, 21)))
    assert [spans for spans, _ in passed] == [((6, 9), (13, 21)), ((4, 6), (10, 21)), ((6, 9), (10, 13))]
    assert passed[1][1] is pieces[1][1]
    for spans, piece in passed:
        assert torch.equal(piece, part_of(whole, spans))
    assert pass_on(AXES, pieces, ((0, 4), (10, 21))) == ()

"""Recurrent layers: their equations, and the state between batches."""

import pytest
import torch

from wholefield.errors import SettingError
from wholefield.networks.flow.recurrent import (
    CELLS,
    Cell,
    ConvGRU,
    ConvLSTM,
    ConvRecurrence,
    ResidualRecurrence,
    recurrence,
)


@pytest.mark.parametrize("cell", list(Cell))
@pytest.mark.parametrize("separable", [True, False])
def test_two_batches_are_one_sequence(cell: Cell, separable: bool) -> None:
    torch.manual_seed(0)
    layer = recurrence(cell, 3, 4, separable).double()
    x = torch.randn(6, 2, 3, 5, 7).double()
    whole = layer(x)
    layer.reset()
    parts = torch.cat([layer(x[:2]), layer(x[2:])])
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", list(Cell))
def test_before_the_first_bin_a_state_is_zero(cell: Cell) -> None:
    torch.manual_seed(1)
    layer = recurrence(cell, 3, 4, separable=False).double()
    drive = layer.from_input(torch.randn(2, 3, 5, 7).double())
    zeros = tuple(torch.zeros(2, 4, 5, 7).double() for _ in range(2 if cell is Cell.LSTM else 1))
    torch.testing.assert_close(layer.step(drive, None), layer.step(drive, zeros), rtol=0, atol=1e-15)


@pytest.mark.parametrize("cell", list(Cell))
def test_reset_with_a_mask_forgets_one_sequence_only(cell: Cell) -> None:
    torch.manual_seed(1)
    layer = recurrence(cell, 3, 4, separable=False).double()
    x = torch.randn(2, 2, 3, 5, 7).double()
    fresh = layer(x)
    carried = layer(x)
    layer.reset()
    layer(x)
    layer.reset(torch.tensor([1.0, 0.0]))
    mixed = layer(x)
    torch.testing.assert_close(mixed[:, 0], carried[:, 0], rtol=0, atol=1e-12)
    torch.testing.assert_close(mixed[:, 1], fresh[:, 1], rtol=0, atol=1e-12)
    assert not torch.allclose(carried, fresh)


def test_other_sizes_start_from_an_empty_state() -> None:
    torch.manual_seed(2)
    layer = recurrence("lstm", 3, 4, separable=False)
    small = torch.randn(1, 1, 3, 4, 4)
    fresh = layer(small)
    layer(torch.randn(1, 1, 3, 6, 6))
    torch.testing.assert_close(layer(small), fresh)


def test_no_gradient_reaches_the_batch_before() -> None:
    layer = recurrence("lstm", 1, 2, separable=False)
    before = torch.randn(1, 1, 1, 4, 4, requires_grad=True)
    layer(before)
    layer(torch.randn(1, 1, 1, 4, 4)).sum().backward()
    assert before.grad is None


def test_lstm_equations() -> None:
    torch.manual_seed(3)
    layer = ConvLSTM(2, 3, separable=False).double()
    x, h, c = (torch.randn(1, n, 4, 5).double() for n in (2, 3, 3))
    i, f, o, g = (layer.from_input(x) + layer.from_state(h)).split(3, dim=1)
    cell = c / (1 + torch.exp(-f - 1)) + torch.tanh(g) / (1 + torch.exp(-i))
    found = layer.step(layer.from_input(x), (h, c))
    torch.testing.assert_close(found[1], cell)
    torch.testing.assert_close(found[0], torch.tanh(cell) / (1 + torch.exp(-o)))


def test_gru_equations() -> None:
    torch.manual_seed(4)
    layer = ConvGRU(2, 3, separable=False).double()
    x, h = (torch.randn(1, n, 4, 5).double() for n in (2, 3))
    drive = layer.from_input(x)
    z, r = torch.sigmoid(drive[:, :6] + layer.from_state(h)).split(3, dim=1)
    new = torch.tanh(drive[:, 6:] + layer.from_kept(r * h))
    (found,) = layer.step(drive, (h,))
    torch.testing.assert_close(found, h + z * (new - h))


def test_residual_layers_add_their_input() -> None:
    torch.manual_seed(5)
    layers = ResidualRecurrence("gru", 2, 4, separable=True, depth=2).double()
    x = torch.randn(2, 1, 2, 4, 4).double()
    first = layers.layers[0](x)
    expected = first + layers.layers[1](first)
    for layer in layers.layers:
        assert isinstance(layer, ConvRecurrence)
        layer.reset()
    torch.testing.assert_close(layers(x), expected)


def test_unknown_names_and_depths_are_refused() -> None:
    with pytest.raises(SettingError, match="rnn_cell"):
        recurrence("rnn", 1, 1, separable=True)
    with pytest.raises(SettingError, match="depth"):
        ResidualRecurrence("lstm", 1, 1, separable=True, depth=0)
    assert set(CELLS) == set(Cell)

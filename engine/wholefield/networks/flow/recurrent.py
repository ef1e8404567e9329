"""Convolutional recurrent layers that carry their state from one batch of a sequence to the next."""

from abc import ABC, abstractmethod
from enum import StrEnum

import torch
from torch import Tensor, nn

from wholefield.errors import SettingError
from wholefield.networks.flow.layers import convolution

State = tuple[Tensor, ...]


class Cell(StrEnum):
    """The kinds of recurrent cell."""

    LSTM = "lstm"
    GRU = "gru"


class ConvRecurrence(nn.Module, ABC):
    """Runs a cell over the time bins of a batch; what it holds after the last bin starts the next batch.

    The carried state is cut from the graph: back-propagation through time ends at the start of a batch.

    Attributes:
        state: tensors (B, channels, h, w) after the newest bin, the output first; None before the first batch.
    """

    gates: int

    def __init__(self, inputs: int, channels: int, separable: bool) -> None:
        super().__init__()
        self.channels = channels
        self.from_input = convolution(inputs, self.gates * channels, separable)
        self.state: State | None = None

    def forward(self, input: Tensor) -> Tensor:
        """Outputs (T, B, channels, h, w) for inputs (T, B, inputs, h, w)."""
        driven = self.from_input(input.flatten(0, 1)).unflatten(0, input.shape[:2])
        state, outputs = self._start(driven[0]), []
        for drive in driven:
            state = self.step(drive, state)
            outputs.append(state[0])
        self.state = None if state is None else tuple(part.detach() for part in state)
        return torch.stack(outputs)

    @abstractmethod
    def step(self, drive: Tensor, state: State | None) -> State:
        """The state after one bin; None is that before the first, the same as zeros.

        Args:
            drive: What the input contributes to the gates, (B, gates * channels, h, w).
            state: The state before it.
        """

    def reset(self, mask: Tensor | None = None) -> None:
        """Forget; with a mask (B,) only the sequences whose entry is 0, in part where it lies between 0 and 1."""
        if mask is None:
            self.state = None
        elif self.state is not None:
            keep = mask.to(self.state[0]).view(-1, 1, 1, 1)
            self.state = tuple(part * keep for part in self.state)

    def _start(self, like: Tensor) -> State | None:
        """The carried state; None where there is none, or where other sizes tell of other sequences."""
        shape = (like.shape[0], self.channels, *like.shape[2:])
        if self.state is not None and self.state[0].shape == shape and self.state[0].dtype == like.dtype:
            return tuple(part.to(like.device) for part in self.state)
        return None


class ConvLSTM(ConvRecurrence):
    """Convolutional LSTM without peepholes (Shi et al. 2015, arXiv 1506.04214, eq. 3); the state is (h, c)."""

    gates = 4

    def __init__(self, inputs: int, channels: int, separable: bool) -> None:
        super().__init__(inputs, channels, separable)
        self.from_state = convolution(channels, 4 * channels, separable, bias=False)

    def step(self, drive: Tensor, state: State | None) -> State:
        """One bin."""
        gates = drive if state is None else drive + self.from_state(state[0])
        admit, forget, emit, new = gates.chunk(4, dim=1)
        cell = torch.sigmoid(admit) * torch.tanh(new)
        if state is not None:
            # A forget gate that starts half open would lose a slow motion within a few bins (Jozefowicz et al. 2015).
            cell = torch.sigmoid(forget + 1) * state[1] + cell
        return torch.sigmoid(emit) * torch.tanh(cell), cell


class ConvGRU(ConvRecurrence):
    """Convolutional gated recurrent unit (Ballas et al. 2016, arXiv 1511.06432, eq. 8 to 11); the state is (h,)."""

    gates = 3

    def __init__(self, inputs: int, channels: int, separable: bool) -> None:
        super().__init__(inputs, channels, separable)
        self.from_state = convolution(channels, 2 * channels, separable, bias=False)
        self.from_kept = convolution(channels, channels, separable, bias=False)

    def step(self, drive: Tensor, state: State | None) -> State:
        """One bin."""
        gates, new = drive.split([2 * self.channels, self.channels], dim=1)
        if state is None:
            return (torch.sigmoid(gates[:, : self.channels]) * torch.tanh(new),)
        (hidden,) = state
        update, keep = torch.sigmoid(gates + self.from_state(hidden)).chunk(2, dim=1)
        candidate = torch.tanh(new + self.from_kept(keep * hidden))
        return ((1 - update) * hidden + update * candidate,)


CELLS: dict[Cell, type[ConvRecurrence]] = {Cell.LSTM: ConvLSTM, Cell.GRU: ConvGRU}


def recurrence(cell: str, inputs: int, channels: int, separable: bool) -> ConvRecurrence:
    """A recurrent layer by the name of its cell.

    Raises:
        SettingError: there is no such cell.
    """
    if cell not in list(Cell):
        raise SettingError(f"The setting rnn_cell is {cell!r} but must be one of {', '.join(Cell)}.")
    return CELLS[Cell(cell)](inputs, channels, separable)


class ResidualRecurrence(nn.Module):
    """Several recurrent layers, the input of each added to its output.

    The first one changes the number of channels and has no such connection.
    """

    def __init__(self, cell: str, inputs: int, channels: int, separable: bool, depth: int) -> None:
        super().__init__()
        if depth < 1:
            raise SettingError(f"The setting depth is {depth} but must be at least 1.")
        self.layers = nn.ModuleList(
            recurrence(cell, inputs if index == 0 else channels, channels, separable)
            for index in range(depth)
        )

    def forward(self, input: Tensor) -> Tensor:
        """Outputs (T, B, channels, h, w) for inputs (T, B, inputs, h, w)."""
        output = self.layers[0](input)
        for layer in self.layers[1:]:
            output = output + layer(output)
        return output

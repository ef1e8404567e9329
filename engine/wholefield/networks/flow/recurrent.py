"""Convolutional recurrent layers that carry their state from one batch of a sequence to the next."""

from abc import ABC, abstractmethod
from enum import StrEnum

import torch
from torch import Tensor, nn

from wholefield.errors import SettingError
from wholefield.networks.flow.layers import convolution

State = tuple[Tensor, ...]


class Cell(StrEnum):
    """The types of recurrent cell."""

    LSTM = "lstm"
    GRU = "gru"


class ConvRecurrence(nn.Module, ABC):
    """Runs a cell over the time bins of a batch; its state after the last bin starts the next batch.

    The carried state is detached: back-propagation through time ends at the start of a batch.

    Attributes:
        state: Tensors (B, channels, h, w) after the newest bin, the output first; None before the first batch.

    Args:
        inputs: Input channels.
        channels: Output channels, and those of the state.
        separable: Whether convolutions are depthwise separable.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import recurrence
        >>> layer = recurrence("lstm", 4, 8, separable=False)
        >>> layer(torch.zeros(5, 2, 4, 6, 6)).shape
        torch.Size([5, 2, 8, 6, 6])
        >>> [tuple(part.shape) for part in layer.state]
        [(2, 8, 6, 6), (2, 8, 6, 6)]
    """

    gates: int

    def __init__(self, inputs: int, channels: int, separable: bool) -> None:
        super().__init__()
        self.channels = channels
        self.from_input = convolution(inputs, self.gates * channels, separable)
        self.state: State | None = None

    def forward(self, input: Tensor) -> Tensor:
        """Map (T, B, inputs, h, w) to (T, B, channels, h, w)."""
        driven = self.from_input(input.flatten(0, 1)).unflatten(0, input.shape[:2])
        state, outputs = self._start(driven[0]), []
        for drive in driven:
            state = self.step(drive, state)
            outputs.append(state[0])
        self.state = None if state is None else tuple(part.detach() for part in state)
        return torch.stack(outputs)

    @abstractmethod
    def step(self, drive: Tensor, state: State | None) -> State:
        """The state after one bin.

        Args:
            drive: What the input contributes to the gates, (B, gates * channels, h, w).
            state: The state before the bin; None is that before the first, the same as zeros.

        Returns:
            The state, its first tensor the output.
        """

    def reset(self, mask: Tensor | None = None) -> None:
        """Clear the state; with a mask (B,) only of the sequences whose entry is 0, and in part between 0 and 1."""
        if mask is None:
            self.state = None
        elif self.state is not None:
            keep = mask.to(self.state[0]).view(-1, 1, 1, 1)
            self.state = tuple(part * keep for part in self.state)

    def _start(self, like: Tensor) -> State | None:
        """The carried state; None if there is none, or if its shape belongs to other sequences."""
        shape = (like.shape[0], self.channels, *like.shape[2:])
        if self.state is not None and self.state[0].shape == shape and self.state[0].dtype == like.dtype:
            return tuple(part.to(like.device) for part in self.state)
        return None


class ConvLSTM(ConvRecurrence):
    """Convolutional LSTM without peepholes (Shi et al. 2015, arXiv 1506.04214, eq. 3); the state is (h, c).

    Args:
        inputs: Input channels.
        channels: Output channels.
        separable: Whether convolutions are depthwise separable.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import ConvLSTM
        >>> ConvLSTM(4, 8, separable=True)(torch.zeros(5, 2, 4, 6, 6)).shape
        torch.Size([5, 2, 8, 6, 6])
    """

    gates = 4

    def __init__(self, inputs: int, channels: int, separable: bool) -> None:
        super().__init__(inputs, channels, separable)
        self.from_state = convolution(channels, 4 * channels, separable, bias=False)

    def step(self, drive: Tensor, state: State | None) -> State:
        """See `ConvRecurrence.step`."""
        gates = drive if state is None else drive + self.from_state(state[0])
        admit, forget, emit, new = gates.chunk(4, dim=1)
        cell = torch.sigmoid(admit) * torch.tanh(new)
        if state is not None:
            # A forget gate that starts half open would lose a slow motion within a few bins (Jozefowicz et al. 2015).
            cell = torch.sigmoid(forget + 1) * state[1] + cell
        return torch.sigmoid(emit) * torch.tanh(cell), cell


class ConvGRU(ConvRecurrence):
    """Convolutional gated recurrent unit (Ballas et al. 2016, arXiv 1511.06432, eq. 8 to 11); the state is (h,).

    Args:
        inputs: Input channels.
        channels: Output channels.
        separable: Whether convolutions are depthwise separable.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import ConvGRU
        >>> ConvGRU(4, 8, separable=True)(torch.zeros(5, 2, 4, 6, 6)).shape
        torch.Size([5, 2, 8, 6, 6])
    """

    gates = 3

    def __init__(self, inputs: int, channels: int, separable: bool) -> None:
        super().__init__(inputs, channels, separable)
        self.from_state = convolution(channels, 2 * channels, separable, bias=False)
        self.from_kept = convolution(channels, channels, separable, bias=False)

    def step(self, drive: Tensor, state: State | None) -> State:
        """See `ConvRecurrence.step`."""
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

    Args:
        cell: lstm or gru.
        inputs: Input channels.
        channels: Output channels.
        separable: Whether convolutions are depthwise separable.

    Returns:
        The layer.

    Raises:
        SettingError: No cell has this name.

    Example:
        >>> from wholefield.networks.flow import recurrence
        >>> type(recurrence("gru", 4, 8, separable=False)).__name__
        'ConvGRU'
    """
    if cell not in list(Cell):
        raise SettingError(f"The setting rnn_cell is {cell!r} but must be one of {', '.join(Cell)}.")
    return CELLS[Cell(cell)](inputs, channels, separable)


class ResidualRecurrence(nn.Module):
    """Several recurrent layers with residual connections, except around the first, which changes the channels.

    Args:
        cell: lstm or gru.
        inputs: Input channels.
        channels: Output channels.
        separable: Whether convolutions are depthwise separable.
        depth: Layers, at least 1.

    Raises:
        SettingError: The depth is below 1, or no cell has this name.

    Example:
        >>> from wholefield.networks.flow import ResidualRecurrence
        >>> len(ResidualRecurrence("lstm", 4, 8, separable=False, depth=3).layers)
        3
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
        """Map (T, B, inputs, h, w) to (T, B, channels, h, w)."""
        output = self.layers[0](input)
        for layer in self.layers[1:]:
            output = output + layer(output)
        return output

"""What a recurrent network carries from one batch to the next: taken out, put back, set aside."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn

from wholefield.networks.flow.recurrent import ConvRecurrence, State

Memory = list[State | None]
"""The state of every recurrent layer of a network, in the order of its modules; None where it holds nothing."""


def memory_of(network: nn.Module) -> Memory:
    """What a network carries now."""
    return [layer.state for layer in _layers(network)]


def remember(network: nn.Module, memory: Sequence[State | None]) -> None:
    """Let a network go on from what one like it carried."""
    for layer, state in zip(_layers(network), memory, strict=True):
        layer.state = state


@contextmanager
def starting_afresh(network: nn.Module) -> Iterator[None]:
    """Let a network begin with nothing; afterwards it carries what it did before."""
    carried = memory_of(network)
    remember(network, [None] * len(carried))
    try:
        yield
    finally:
        remember(network, carried)


def _layers(network: nn.Module) -> list[ConvRecurrence]:
    return [module for module in network.modules() if isinstance(module, ConvRecurrence)]

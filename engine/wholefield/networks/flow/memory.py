"""The state that a recurrent network carries from one batch to the next: read it, restore it, set it aside."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn

from wholefield.networks.flow.recurrent import ConvRecurrence, State

Memory = list[State | None]
"""The state of every recurrent layer of a network, in the order of its modules; None where it holds nothing."""


def memory_of(network: nn.Module) -> Memory:
    """The state that a network carries now.

    Args:
        network: A network with any number of `ConvRecurrence` layers.

    Returns:
        The state of each layer in the order of its modules, None where a layer holds nothing.

    Example:
        >>> from wholefield.networks.flow import eminet, memory_of
        >>> memory_of(eminet(6, base=4, scales=2))
        [None]
    """
    return [layer.state for layer in _layers(network)]


def remember(network: nn.Module, memory: Sequence[State | None]) -> None:
    """Restore a state, so that a network continues from there.

    Args:
        network: A network like the one that the state is from.
        memory: What `memory_of` returned.

    Raises:
        ValueError: The network has another number of recurrent layers.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import eminet, memory_of, remember
        >>> network, other = eminet(6, base=4, scales=2), eminet(6, base=4, scales=2)
        >>> _ = network(torch.rand(2, 1, 6, 8, 8))
        >>> remember(other, memory_of(network))
    """
    for layer, state in zip(_layers(network), memory, strict=True):
        layer.state = state


@contextmanager
def fresh_memory(network: nn.Module) -> Iterator[None]:
    """Run a network from an empty state; afterwards it carries what it carried before.

    Args:
        network: A network with any number of `ConvRecurrence` layers.

    Yields:
        Nothing.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import eminet, memory_of, fresh_memory
        >>> network = eminet(6, base=4, scales=2)
        >>> with fresh_memory(network):
        ...     _ = network(torch.rand(2, 1, 6, 8, 8))
        >>> memory_of(network)
        [None]
    """
    carried = memory_of(network)
    remember(network, [None] * len(carried))
    try:
        yield
    finally:
        remember(network, carried)


def _layers(network: nn.Module) -> list[ConvRecurrence]:
    return [module for module in network.modules() if isinstance(module, ConvRecurrence)]

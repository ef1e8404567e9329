"""What a mixed-scale dense block is made of: channels, taps, dilations and how its layers are grouped."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

DEFAULT_DILATIONS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)

# Layers computed together, as measured: more of them make larger products, and more small ones inside the group.
GROUP = 10


def repeat_dilations(dilations: Iterable[int], depth: int) -> tuple[int, ...]:
    """One dilation a layer: the given ones, repeated until every layer has its own.

    Args:
        dilations: In pixels.
        depth: Layers.

    Returns:
        As many dilations as layers.

    Example:
        >>> from wholefield.networks.msd import repeat_dilations
        >>> repeat_dilations([1, 2, 4], 5)
        (1, 2, 4, 1, 2)
    """
    return tuple(islice(cycle(tuple(dilations)), depth))


@dataclass(frozen=True)
class Group:
    """Consecutive layers that are computed together.

    Attributes:
        layers: Indices of the layers.
        channels: Stored channels that lie in front of the first of them.
    """

    layers: range
    channels: int


@dataclass(frozen=True)
class BlockSpec:
    """Shape of a mixed-scale dense block (Pelt and Sethian 2017, doi 10.1073/pnas.1715832114).

    Channel order is the input first, then the layers in order. Layer i reads every channel before its own
    through a 3 x 3 (x 3) convolution of its dilation, adds its bias and clips at zero.

    Attributes:
        c_in: Input channels.
        width: Channels that every layer adds.
        dilations: Dilation of every layer; its length is the depth.
        ndim: Spatial axes, 2 or 3.
        group: Layers that are computed together by one large matrix product.
    """

    c_in: int
    width: int
    dilations: tuple[int, ...]
    ndim: int = 2
    group: int = GROUP

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.dilations)

    @property
    def channels(self) -> int:
        """Channels of the block's output, the input's included."""
        return self.c_in + self.depth * self.width

    @property
    def stored(self) -> int:
        """Channels in memory: one of ones, with which the biases are multiplied, and the block's."""
        return 1 + self.channels

    @property
    def taps(self) -> int:
        """Taps of one kernel: 9 or 27."""
        return 3**self.ndim

    @property
    def lines(self) -> int:
        """Taps of one kernel across the fastest axis: 3 or 9."""
        return 3 ** (self.ndim - 1)

    @property
    def margin(self) -> int:
        """Pixels by which every row is extended at both ends: the largest dilation."""
        return max(self.dilations, default=0)

    def front(self, layer: int) -> int:
        """Stored channels in front of a layer."""
        return 1 + self.c_in + layer * self.width

    def own(self, layer: int) -> slice:
        """The stored channels that a layer writes."""
        return slice(self.front(layer), self.front(layer + 1))

    def runs(self, layers: range) -> Iterator[range]:
        """The layers cut into runs whose dilations grow evenly, so that one strided view shifts a whole run."""
        start = layers.start
        while start < layers.stop:
            stop = start + 1
            while stop < layers.stop and self._step(stop) == self._step(start + 1):
                stop += 1
            yield range(start, stop)
            start = stop

    def growth(self, run: range) -> int:
        """By how much the dilation grows from layer to layer of a run."""
        return self._step(run[1]) if len(run) > 1 else 0

    def _step(self, layer: int) -> int:
        """By how much the dilation grows from the layer before."""
        return self.dilations[layer] - self.dilations[layer - 1]

    def groups(self) -> Iterator[Group]:
        """The groups from the first to the last layer."""
        for start in range(0, self.depth, self.group):
            yield Group(range(start, min(start + self.group, self.depth)), self.front(start))


def units_in_front(c_in: int, width: int, layer_depth: int) -> int:
    """Number of intermediate images in front of a layer, the input channels included.

    Args:
        c_in: Input channels of the network.
        width: Channels that every layer adds.
        layer_depth: Index of the layer; the first hidden layer has index zero.

    Returns:
        Their number.

    Example:
        >>> from wholefield.networks.msd import units_in_front
        >>> units_in_front(c_in=3, width=2, layer_depth=4)
        11
    """
    return c_in + width * layer_depth


def halo_of_layers(dilations: Sequence[int]) -> tuple[int, ...]:
    """Pixels of true surroundings that each layer's output needs from the block's input, on every side."""
    reach, total = [], 0
    for dilation in dilations:
        total += dilation
        reach.append(total)
    return tuple(reach)

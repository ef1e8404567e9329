"""What tiling does to a result: plain tiles, blended windows and streaming beside the network on the whole image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wholefield.progress import ProgressCallback
from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.measuring import Statistics
from wholefield.streaming.execution.tile_visits import TileVisit
from wholefield.streaming.geometry.spans import Spans
from wholefield.streaming.streamed import Streamed
from wholefield.streaming.tracing.frozen import to_freeze
from wholefield.streaming.tracing.trace import trace

Way: TypeAlias = Callable[[nn.Module, Tensor], Tensor]
"""Computes a network over an image (1, channels, *axes) somehow."""

BINS = 40
PARTS = 1000
# The width of MONAI's and nnU-Net's windows, in units of their size.
SIGMA = 0.125


@dataclass(frozen=True)
class Difference:
    """How far the result of one way is from that of the whole image.

    Attributes:
        name: The way.
        map: Largest difference over the channels at every position, float32 (*axes).
        tolerance: Smaller differences count as none.
        counts: Positions by the size of their difference.
        edges: Borders of those sizes, one more; the first counts from 0.
    """

    name: str
    map: NDArray[np.float32]
    tolerance: float
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]

    @property
    def maximum(self) -> float:
        """Largest difference."""
        return float(self.map.max())

    @property
    def share(self) -> float:
        """Share of the positions that are off by more than the tolerance."""
        return float((self.map > self.tolerance).mean())


def plain_tiles(
    network: nn.Module, image: Tensor, tile: Sequence[int], pad: int, progress: ProgressCallback | None = None
) -> Tensor:
    """Tiles side by side, each computed with a border of context that is cut off again.

    Args:
        network: Any network whose result is as large as its image, or a constant number of times as large.
        image: (batch, channels, *axes).
        tile: Size of the tiles, without the context.
        pad: Pixels of context, as far as the image goes.
        progress: Called with the tiles done and the tiles in all; may raise to cancel.
    """
    lengths = image.shape[2:]
    grid = list(product(*(range(0, length, size) for length, size in zip(lengths, tile, strict=True))))
    whole: Tensor | None = None
    for done, corner in enumerate(grid, 1):
        inner = tuple(
            (start, min(start + size, length))
            for start, size, length in zip(corner, tile, lengths, strict=True)
        )
        outer = tuple(
            (max(start - pad, 0), min(stop + pad, length))
            for (start, stop), length in zip(inner, lengths, strict=True)
        )
        found = network(_cut(image, outer))
        zoom = _zoom(found, outer)
        if whole is None:
            whole = _room(found, lengths, zoom)
        inside = tuple((a - c, b - c) for (a, b), (c, _) in zip(inner, outer, strict=True))
        _cut(whole, _scaled(inner, zoom)).copy_(_cut(found, _scaled(inside, zoom)))
        if progress is not None:
            progress(done, len(grid))
    assert whole is not None
    return whole


def blended_windows(
    network: nn.Module,
    image: Tensor,
    window: Sequence[int],
    overlap: float,
    multiple: int = 1,
    progress: ProgressCallback | None = None,
) -> Tensor:
    """Overlapping windows, averaged with Gaussian weights, as MONAI and nnU-Net do it.

    Args:
        network: As for `plain_tiles`.
        image: (batch, channels, *axes).
        window: Size of the windows.
        overlap: Share of a window that the next one covers, too.
        multiple: Windows begin at multiples of that.
        progress: Called with the windows done and the windows in all; may raise to cancel.
    """
    sizes = [min(size, length) for size, length in zip(window, image.shape[2:], strict=True)]
    starts = [
        list(_starts(length, size, overlap, multiple))
        for length, size in zip(image.shape[2:], sizes, strict=True)
    ]
    grid = list(product(*starts))
    total: Tensor | None = None
    weights = counts = image.new_zeros(())
    for done, corner in enumerate(grid, 1):
        box = tuple((start, start + size) for start, size in zip(corner, sizes, strict=True))
        found = network(_cut(image, box))
        zoom = _zoom(found, box)
        if total is None:
            total = _room(found, image.shape[2:], zoom)
            weights, counts = _gaussian(found), torch.zeros_like(total[:1, :1])
        _cut(total, _scaled(box, zoom)).add_(found * weights)
        _cut(counts, _scaled(box, zoom)).add_(weights)
        if progress is not None:
            progress(done, len(grid))
    assert total is not None
    return total / counts


@torch.no_grad()
def compare(
    network: nn.Module,
    image: Tensor,
    ways: dict[str, Way],
    tolerance: float,
    finish: Callable[[Tensor], Tensor] | None = None,
) -> list[Difference]:
    """Compute an image in several ways and measure how far each is from the network on the whole image.

    Args:
        network: The network.
        image: (1, channels, *axes), small enough to be computed as a whole.
        ways: The ways by name.
        tolerance: Smaller differences count as none.
        finish: What is made of every result before it is compared, such as probabilities of logits.

    Returns:
        One difference for each way, in their order, with the same sizes of differences counted.

    Raises:
        StreamingError: A way gives a result of another size.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import Streamed
        >>> from wholefield.streaming.seams import compare, plain_tiles
        >>> network, image = nn.Conv2d(1, 1, 5, padding=2), torch.rand(1, 1, 40, 40)
        >>> tiled, streamed = compare(
        ...     network,
        ...     image,
        ...     {
        ...         "tiles": lambda net, x: plain_tiles(net, x, (20, 20), pad=0),
        ...         "streamed": lambda net, x: Streamed(net, 20)(x),
        ...     },
        ...     tolerance=1e-4,
        ... )
        >>> tiled.maximum > 1e-2, tiled.share, streamed.share
        (True, 0.19, 0.0)
    """

    def finished(result: Tensor) -> Tensor:
        return result.double() if finish is None else finish(result.double())

    whole = finished(network(image))
    maps: dict[str, NDArray[np.float32]] = {}
    for name, way in ways.items():
        found = finished(way(network, image))
        if found.shape != whole.shape:
            raise StreamingError(
                f"The result of {name} has the shape {tuple(found.shape)}, that of the whole image "
                f"{tuple(whole.shape)}. Choose tiles of a multiple of the network's stride."
            )
        maps[name] = (found - whole).abs().amax(1)[0].float().cpu().numpy()
    edges = _edges(max(float(found.max()) for found in maps.values()), tolerance)
    return [
        Difference(name, found, tolerance, np.histogram(found, edges)[0].astype(np.int64), edges)
        for name, found in maps.items()
    ]


def streamed_way(
    tile: Sequence[int], progress: ProgressCallback | None = None, patch: Sequence[int] | None = None
) -> Way:
    """Streaming in tiles of a size.

    Args:
        tile: The size, per axis.
        progress: Called with what share is done.
        patch: Size of the part in the middle whose statistics are frozen for the whole image; None for those of the
            image.
    """

    def way(network: nn.Module, image: Tensor) -> Tensor:
        def on_tile(visit: TileVisit) -> None:
            if progress is not None:
                progress(round(PARTS * visit.done), PARTS)

        streamed = Streamed(network, tile)
        if patch is not None:
            streamed.statistics = Statistics.FROZEN
            streamed.measure_statistics(_middle(image, patch))
        streamed.on_tile = on_tile
        result: Tensor = streamed(image)
        if progress is not None:
            progress(PARTS, PARTS)
        return result

    return way


def takes_statistics(network: nn.Module, image: Tensor) -> bool:
    """Whether a network takes statistics of the whole image that its maps depend on."""
    with torch.no_grad():
        return bool(to_freeze(trace(network, image.shape, image.dtype, image.device)))


def _middle(image: Tensor, patch: Sequence[int]) -> Tensor:
    spans = []
    for length, size in zip(image.shape[2:], patch, strict=True):
        start = max(length - size, 0) // 2
        spans.append((start, min(start + size, length)))
    return _cut(image, tuple(spans))


def _edges(largest: float, tolerance: float) -> NDArray[np.float64]:
    """Sizes of differences on a logarithmic scale, from a hundredth of the tolerance to the largest."""
    low = tolerance / 100
    high = max(largest, tolerance) * (1 + 1e-6)
    return np.concatenate([[0.0], np.geomspace(low, high, BINS)])


def _cut(tensor: Tensor, spans: Spans) -> Tensor:
    return tensor[(slice(None), slice(None), *(slice(*span) for span in spans))]


def _zoom(found: Tensor, box: Spans) -> list[float]:
    return [size / (stop - start) for size, (start, stop) in zip(found.shape[2:], box, strict=True)]


def _scaled(spans: Spans, zoom: Sequence[float]) -> Spans:
    return tuple((round(start * by), round(stop * by)) for (start, stop), by in zip(spans, zoom, strict=True))


def _room(like: Tensor, lengths: Sequence[int], zoom: Sequence[float]) -> Tensor:
    sizes = (round(length * by) for length, by in zip(lengths, zoom, strict=True))
    return like.new_zeros(*like.shape[:2], *sizes)


def _starts(length: int, size: int, overlap: float, multiple: int) -> Iterator[int]:
    """Where windows begin; the last one ends with the image."""
    step = max(int(size * (1 - overlap)) // multiple * multiple, multiple)
    yield from range(0, length - size, step)
    yield length - size


def _gaussian(like: Tensor) -> Tensor:
    """Weights of a window, (1, 1, *axes), never quite 0."""
    weights = like.new_ones(1, 1, *(1,) * (like.ndim - 2))
    for axis, size in enumerate(like.shape[2:], 2):
        at = torch.arange(size, dtype=like.dtype, device=like.device) - (size - 1) / 2
        along = torch.exp(-0.5 * (at / (SIGMA * size)) ** 2)
        weights = weights * along.view(*(-1 if k == axis else 1 for k in range(like.ndim)))
    return weights.clamp(min=1e-3)

"""A restoration or super-resolution network that takes images of any size without seams."""

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from wholefield.streaming import Spill, Streamed, StreamingError


class Tiler(nn.Module):
    """Calls a network on a whole image in bounded memory; stands where the network was called on tiles.

    Attributes:
        network: The network.
        fallback: Whether a network that cannot be streamed is computed as a whole, with a warning; otherwise that is
            an error.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.compat.upscaling import Tiler
        >>> network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
        >>> image = torch.rand(1, 3, 50, 70)
        >>> torch.allclose(Tiler(network, tile=32)(image), network(image), atol=1e-6)
        True
    """

    def __init__(
        self,
        network: Any,
        tile: int | Sequence[int] = 512,
        *,
        workers: int | None = None,
        spill: Spill | None = None,
        fallback: bool = False,
    ) -> None:
        """Take a network.

        Args:
            network: A module, or what spandrel's ModelLoader gives, whose `model` is one.
            tile: Tile size in pixels; the result does not depend on it.
            workers: How many tiles are computed at the same time; None chooses by the threads.
            spill: Where maps go that do not fit in memory, of networks with statistics of the whole image.
            fallback: Whether a network that cannot be streamed is computed as a whole.
        """
        super().__init__()
        self.network: nn.Module = network if isinstance(network, nn.Module) else network.model
        self.fallback = fallback
        self._streamed = Streamed(self.network, tile, workers=workers, spill=spill)

    @torch.no_grad()
    def forward(self, image: Tensor) -> Tensor:
        """What the network gives for an image.

        Args:
            image: (batch, channels, height, width) in the range that the network takes.

        Raises:
            StreamingError: The network cannot be streamed, and `fallback` is off; the text names layer and reason.
        """
        try:
            result: Tensor = self._streamed(image)
        except StreamingError as error:
            if not self.fallback:
                raise
            warnings.warn(f"Computed as a whole: {error}", stacklevel=2)
            result = self.network(image)
        return result

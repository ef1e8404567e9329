"""The logits of the whole image where nnU-Net's predictor blends those of sliding windows."""

import warnings
from collections.abc import Callable, Sequence
from itertools import chain, combinations
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.streaming import Spill, Statistics, Streamed, StreamingError

TILE = {2: 512, 3: 64}


class StreamsLogits:
    """The step of nnU-Net's predictor from a preprocessed image to logits.

    Attributes:
        tile_size: Tile size per axis, or one for all; None takes 512 along two axes and 64 along three.
        workers: How many tiles are computed at the same time; None chooses by the threads.
        spill: Where maps go that do not fit in memory; None keeps all.
        statistics: Where the statistics of its instance normalization come from: "image", or "frozen", of the patch in
            the middle, which is closer to what the network saw in training.
        fallback: Whether a network that cannot be streamed is computed in sliding windows, with a warning; otherwise
            that is an error.
    """

    tile_size: int | Sequence[int] | None = None
    workers: int | None = None
    spill: Spill | None = Spill()
    statistics: Statistics | str = Statistics.IMAGE
    fallback: bool = False

    # What nnU-Net's predictor has.
    network: nn.Module
    device: torch.device
    configuration_manager: Any
    allowed_mirroring_axes: Sequence[int] | None
    use_mirroring: bool

    def predict_sliding_window_return_logits(self, input_image: Tensor) -> Tensor:
        """The logits of a preprocessed image.

        Args:
            input_image: (channels, x, y, z); a network of two axes gets it slice by slice along x.

        Returns:
            (outputs, x, y, z), on the device of the predictor.

        Raises:
            StreamingError: The network cannot be streamed, and `fallback` is off; the text names layer and reason.
        """
        self.network = self.network.to(self.device).eval()
        try:
            with torch.inference_mode(), torch.autocast("cuda", enabled=self.device.type == "cuda"):
                return self._logits(input_image)
        except StreamingError as error:
            if not self.fallback:
                raise
            warnings.warn(f"Computed in sliding windows, with their seams: {error}", stacklevel=2)
        windows: Callable[[Tensor], Tensor] = super().predict_sliding_window_return_logits  # type: ignore[misc]
        return windows(input_image)

    def _logits(self, image: Tensor) -> Tensor:
        axes = len(self.configuration_manager.patch_size)
        before, behind = self._missing(image.shape[-axes:])
        around = [amount for pair in zip(reversed(before), reversed(behind), strict=True) for amount in pair]
        padded = functional.pad(image.to(self.device), around)
        # Slices are images of their own.
        images = padded.movedim(1, 0) if axes == 2 else padded[None]
        found = torch.stack([self._mirrored(each[None])[0] for each in images])
        found = found.movedim(0, 1) if axes == 2 else found[0]
        kept = [
            slice(start, start + length) for start, length in zip(before, image.shape[-axes:], strict=True)
        ]
        return found[(*[slice(None)] * (found.ndim - axes), *kept)]

    def _missing(self, lengths: Sequence[int]) -> tuple[list[int], list[int]]:
        """Zeros before and behind an image, per axis.

        As in nnU-Net it is in the middle of a patch if it is smaller; a size that the network cannot halve as often as
        it does is made up behind it.
        """
        before, behind = [], []
        for axis, (length, patch) in enumerate(
            zip(lengths, self.configuration_manager.patch_size, strict=True)
        ):
            multiple = prod(each[axis] for each in self.configuration_manager.pool_op_kernel_sizes)
            before.append(max(patch - length, 0) // 2)
            behind.append(max(patch, -(-length // multiple) * multiple) - length - before[-1])
        return before, behind

    def _mirrored(self, image: Tensor) -> Tensor:
        """The mean over the mirror images that nnU-Net looks at, too."""
        axes = [axis + 2 for axis in self.allowed_mirroring_axes or ()] if self.use_mirroring else []
        every = list(chain.from_iterable(combinations(axes, count) for count in range(len(axes) + 1)))
        total = torch.zeros(())
        for turned in every:
            logits = self._streamed(image.flip(turned)).flip(turned)
            total = logits if not turned else total.add_(logits)
        return total / len(every)

    def _streamed(self, image: Tensor) -> Tensor:
        axes = image.ndim - 2
        tile = TILE[axes] if self.tile_size is None else self.tile_size
        streamed = Streamed(
            self.network, tile, workers=self.workers, spill=self.spill, statistics=self.statistics
        )
        if streamed.statistics is Statistics.FROZEN:
            streamed.measure_statistics(self._middle(image))
        result: Tensor = streamed(image)
        return result

    def _middle(self, image: Tensor) -> Tensor:
        for axis, size in enumerate(self.configuration_manager.patch_size, 2):
            image = image.narrow(axis, (image.shape[axis] - size) // 2, size)
        return image

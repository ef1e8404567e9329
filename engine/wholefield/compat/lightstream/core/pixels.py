"""The way of an image into a network: to its device, in its element type, on the scale that it was trained with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from wholefield.streaming.execution.images import LazyImage, reader_of
from wholefield.streaming.geometry.spans import Spans

Image: TypeAlias = Tensor | LazyImage
"""A batch of images (batch, channels, *axes): a tensor, or one that is read box by box."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, eq=False)
class Intake:
    """What pixels go through before they enter a network.

    Attributes:
        device: Where the network is.
        dtype: Element type of its input.
        scale: Mean and standard deviation per channel, (channels,) each; None leaves the values as they are.
    """

    device: torch.device
    dtype: torch.dtype
    scale: tuple[Tensor, Tensor] | None

    def changes(self, image: Image) -> bool:
        """Whether an image is not yet as the network wants it."""
        return self.scale is not None or (image.device, image.dtype) != (self.device, self.dtype)

    def __call__(self, pixels: Tensor, stored: torch.dtype | None = None) -> Tensor:
        """Pixels as the network wants them.

        Args:
            pixels: (batch, channels, *axes).
            stored: Element type that their values were stored in, their own by default. Where there is a scale, values
                stored as integers are first brought to 0..1 by the largest value of that type.
        """
        moved = pixels.to(self.device, self.dtype, non_blocking=True)
        if self.scale is None:
            return moved
        mean, std = (
            values.to(self.device, self.dtype).reshape(-1, *[1] * (pixels.ndim - 2)) for values in self.scale
        )
        kind = stored or pixels.dtype
        if not kind.is_floating_point:
            moved = moved / torch.iinfo(kind).max
        return (moved - mean) / std


class PreparedImage:
    """An image that goes through an intake box by box.

    Attributes:
        shape: (batch, channels, *axes).
        dtype: Element type of what the network gets.
        device: Its device.
    """

    def __init__(self, image: Image, intake: Intake) -> None:
        self.shape = image.shape
        self.dtype = intake.dtype
        self.device = intake.device
        self._read = reader_of(image)
        self._intake = intake

    def read(self, spans: Spans) -> Tensor:
        """The prepared pixels of a box: (batch, channels, *box)."""
        return self._intake(self._read(spans))


def in_memory(image: Image) -> Tensor:
    """The image as a tensor."""
    return (
        image if isinstance(image, Tensor) else image.read(tuple((0, length) for length in image.shape[2:]))
    )


def per_channel(values: Sequence[float] | Tensor | None, default: Sequence[float]) -> Tensor:
    """Values per channel as (channels,) in double precision."""
    return torch.as_tensor(default if values is None else values, dtype=torch.float64).flatten()

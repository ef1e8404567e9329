"""A predictor as a module that sees the whole image at once: its arguments bound, its result cropped and moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from wholefield.streaming import NotLocalError, StreamingError
from wholefield.streaming.execution.recurrence import along_axis
from wholefield.streaming.execution.sweep import output_nodes
from wholefield.streaming.geometry.fields import strides
from wholefield.streaming.geometry.spans import Span, Spans
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.trace import trace

Pads: TypeAlias = tuple[Span, ...]
"""Pixels added before and behind the image, per axis."""


@dataclass(frozen=True)
class Arguments:
    """What a predictor is given beside the image.

    Attributes:
        args: Positional arguments.
        kwargs: Named arguments.
        coordinates: Whether it is told first where its window lies.
        condition_from: Channel from which on the image is its argument `condition`; None where it has none.
    """

    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    coordinates: bool
    condition_from: int | None

    def call(self, predictor: Callable[..., Any], image: Tensor) -> Any:
        """Call the predictor with the whole image for a window."""
        args, kwargs, channels = list(self.args), dict(self.kwargs), self.condition_from
        if self.coordinates:
            whole = [slice(None), *(slice(0, length) for length in image.shape[2:])]
            args.insert(0, [[slice(k, k + 1), *whole] for k in range(len(image))])
        if channels is not None:
            image, kwargs["condition"] = image[:, :channels], image[:, channels:]
        return predictor(image, *args, **kwargs)


class WholeImage(nn.Module):
    """The predictor of one image.

    Attributes:
        pads: What was added around the image that it is given, to be cut off the result.
    """

    def __init__(
        self,
        predictor: Callable[..., Any],
        arguments: Arguments,
        *,
        axes: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        """Bind what does not change from tile to tile.

        Args:
            predictor: A module or another callable.
            arguments: What else it is given.
            axes: Spatial axes of the image.
            device: Where the result goes.
            dtype: Its element type.
        """
        super().__init__()
        self.predictor = predictor
        self.pads: Pads = ((0, 0),) * axes
        self._arguments = arguments
        self._device, self._dtype = device, dtype

    def forward(self, image: Tensor) -> Any:
        """What the predictor gives, without what was added around the image."""
        result = self._arguments.call(self.predictor, image)
        return tree_map(lambda output: self._finished(output, image.shape[2:]), _structure(result))

    def _finished(self, output: Tensor, lengths: Sequence[int]) -> Tensor:
        kept: list[slice] = []
        for (before, behind), length, size in zip(self.pads, lengths, output.shape[2:], strict=True):
            # The result may have another resolution.
            kept.append(slice(round(before * size / length), round((length - behind) * size / length)))
        return output[(slice(None), slice(None), *kept)].to(self._device, self._dtype)


class OnDevice:
    """A tensor as an image that is moved to a device box by box."""

    def __init__(self, image: Tensor, device: torch.device) -> None:
        self.shape, self.dtype, self.device = image.shape, image.dtype, device
        self._image = image

    def read(self, spans: Spans) -> Tensor:
        """A box on the device."""
        return self._image[(slice(None), slice(None), *(slice(*span) for span in spans))].to(self.device)


def pads_for(
    network: nn.Module,
    shape: Sequence[int],
    roi_size: Sequence[int],
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Pads, bool]:
    """What to add around an image: up to the window, evenly; then behind it, up to a size that the network can take.

    Args:
        network: The network.
        shape: (batch, channels, *axes) of the image.
        roi_size: Size of the window, which the network can take.
        dtype: Element type of the image.
        device: Where it is computed.

    Returns:
        The pads, and whether they are more than the window needs.

    Raises:
        StreamingError: The network cannot be streamed.
    """
    gaps = [max(roi - length, 0) for roi, length in zip(roi_size, shape[2:], strict=True)]
    pads = tuple((gap // 2, gap - gap // 2) for gap in gaps)
    lengths = [length + gap for length, gap in zip(shape[2:], gaps, strict=True)]
    window = trace(network, (*shape[:2], *roi_size), dtype, device)
    if _takes(network, (*shape[:2], *lengths), window, dtype, device):
        return pads, False
    # From the window on, sizes that differ by whole strides are alike to a network.
    steps = [ceil(max(strides(along_axis(window, axis)))) for axis in range(len(lengths))]
    more = [-(length - roi) % step for length, roi, step in zip(lengths, roi_size, steps, strict=True)]
    return tuple((before, behind + add) for (before, behind), add in zip(pads, more, strict=True)), any(more)


def _takes(
    network: nn.Module, shape: tuple[int, ...], window: Program, dtype: torch.dtype, device: torch.device
) -> bool:
    """Whether a network takes an image and gives a result as large, in proportion, as that of its window."""
    try:
        whole = trace(network, shape, dtype, device)
    except NotLocalError:
        raise
    except StreamingError:
        return False
    return all(
        mine * of == theirs * length
        for one, other in zip(output_nodes(whole), output_nodes(window), strict=True)
        for mine, theirs, length, of in zip(
            one.lengths, other.lengths, shape[2:], window.image.lengths, strict=True
        )
    )


def _structure(result: Any) -> Any:
    """The result as sliding windows return it: a dict, a tuple, or the only tensor."""
    if isinstance(result, Tensor):
        return result
    if isinstance(result, Mapping):
        return dict(result)
    outputs = tuple(result)
    return outputs[0] if len(outputs) == 1 else outputs

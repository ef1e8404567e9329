"""What a network says of a part of a slide, exactly as in the prediction of all of it."""

from __future__ import annotations

from math import lcm

import torch
from torch import Tensor, nn

from wholefield.sources.rect import Rect
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.streaming.execution.recurrence import along_axis
from wholefield.streaming.geometry.fields import seen_by, strides
from wholefield.streaming.geometry.schedule import AxisNode
from wholefield.streaming.tracing.trace import trace


class RegionPredictor:
    """Predicts parts of a slide with a network that gives something for every pixel; they must fit in memory.

    A part is computed with as much around it as its pixels see, cut where the network's pooling has its grid in the
    whole image. What the border of what is read falsifies is then beyond the part.

    Attributes:
        network: The network, of local operations.
        image: The whole level of the slide.
    """

    def __init__(self, network: nn.Module, image: SlideImage) -> None:
        self.network = network
        self.image = image
        program = trace(network, image.shape, image.dtype, image.device)
        self._axes = [along_axis(program, axis) for axis in range(2)]
        self._output: int = program.outputs.index

    def read_for(self, part: Rect[int]) -> Rect[int]:
        """What of the level has to be read to predict a part of it."""
        height, width = self.image.shape[2:]
        spans = ((part.y, part.bottom, height), (part.x, part.right, width))
        (top, bottom), (left, right) = (
            self._needed(nodes, *span) for nodes, span in zip(self._axes, spans, strict=True)
        )
        return Rect(left, top, right - left, bottom - top)

    @torch.no_grad()
    def logits(self, part: Rect[int]) -> Tensor:
        """The logits (classes, h, w) of a part of the level, on the processor.

        Raises:
            SourceError: The slide cannot be read.
        """
        read, like = self.read_for(part), next(self.network.parameters())
        pixels = self.image.cropped(read).on(like).read(((0, read.height), (0, read.width)))
        # A training in mixed precision does not decide how a map is computed.
        with torch.autocast(like.device.type, enabled=False):
            found: Tensor = self.network(pixels)[0]
        top, left = part.y - read.y, part.x - read.x
        return found[:, top : top + part.height, left : left + part.width].float().cpu()

    def _needed(self, nodes: list[AxisNode], start: int, stop: int, length: int) -> tuple[int, int]:
        low, high = seen_by(nodes, self._output, start, stop)[0]
        # Nodes of every stride must begin at a whole position.
        grid = lcm(*(each.numerator for each in strides(nodes)))
        return max(low // grid * grid, 0), min(high, length)

"""Where on its input an output position of a network lies: the center and the spacing of its receptive fields."""

from dataclasses import dataclass

from torch import Tensor, nn

from wholefield.streaming.execution.images import LazyImage
from wholefield.streaming.execution.recurrence import along_axis
from wholefield.streaming.geometry.fields import Field, fields
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.tracing.trace import trace


@dataclass(frozen=True)
class Footprint:
    """The grid of a feature map on the input, along one axis, in pixels of the input.

    Attributes:
        center: center of the receptive field of position 0; pixel i covers [i, i + 1).
        stride: distance of the centers of neighboring positions.
    """

    center: float
    stride: float

    def extent(self, positions: int) -> tuple[float, float]:
        """(start, stop) of what the positions cover, each one stride wide around its center."""
        start = self.center - self.stride / 2
        return start, start + positions * self.stride


def local_output(network: nn.Module, image: Tensor | LazyImage) -> Ref:
    """Shape and type of the only output that a network of local operations has for an image."""
    output: Ref = trace(network, image.shape, image.dtype, image.device).outputs
    return output


def footprint(network: nn.Module, image: Tensor | LazyImage) -> tuple[Footprint, ...]:
    """The grid of the only output of a network of local operations, per axis of an image (B, C, *axes)."""
    program = trace(network, image.shape, image.dtype, image.device)
    output = program.outputs.index
    return tuple(_grid(fields(along_axis(program, axis))[output]) for axis in range(len(image.shape) - 2))


def map_box(
    network: nn.Module,
    image: Tensor | LazyImage,
    cells: tuple[int, int],
    origin: tuple[float, float],
    scale: float,
) -> tuple[float, float, float, float]:
    """The rectangle (x, y, width, height), in pixels of level 0, that a map of (rows, columns) covers.

    Args:
        network: What the map is the output of.
        image: The image that it was given.
        cells: Rows and columns of the map.
        origin: Corner (x, y) of the image in pixels of level 0.
        scale: Pixels of level 0 per pixel of the image.
    """
    rows, columns = footprint(network, image)
    (top, bottom), (left, right) = rows.extent(cells[0]), columns.extent(cells[1])
    x, y = origin
    return x + left * scale, y + top * scale, (right - left) * scale, (bottom - top) * scale


def _grid(field: Field) -> Footprint:
    return Footprint(float(field.low + field.high + 1) / 2, float(field.stride))

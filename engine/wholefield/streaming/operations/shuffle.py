"""Moving pixels between channels and space: pixel shuffle and its inverse."""

from collections.abc import Sequence

from torch import Tensor

from wholefield.streaming.geometry.axis import Transposed, Window
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Call, Local, Ref, Take
from wholefield.streaming.operations.registry import Refusal, register


@register("pixel_unshuffle")
def pixel_unshuffle(call: Call) -> Local:
    """Blocks of r x r pixels become channels: a window of r with step r."""
    input = _image_of_two_axes(call)
    factor = int(call.kwargs.get("downscale_factor", call.args[-1] if len(call.args) > 1 else 1))
    maps = tuple(Window(length, length // factor, factor, factor, 1, 0) for length in input.lengths)

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        return call.evaluate(take)

    return Local(maps, input.axes, compute)


@register("pixel_shuffle")
def pixel_shuffle(call: Call) -> Local:
    """Groups of r*r channels become blocks of r x r pixels; a range of outputs may start inside a block."""
    input = _image_of_two_axes(call)
    factor = int(call.kwargs.get("upscale_factor", call.args[-1] if len(call.args) > 1 else 1))
    maps = tuple(Transposed(length, length * factor, factor, factor, 1, 0) for length in input.lengths)

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        block = call.evaluate(take)
        for axis_map, axis, (start, stop) in zip(maps, input.axes, out, strict=True):
            block = block.narrow(axis, start - axis_map.needs(start, stop)[0] * factor, stop - start)
        return block

    return Local(maps, input.axes, compute)


def _image_of_two_axes(call: Call) -> Ref:
    input = call.refs[0]
    if len(input.axes) != 2 or input.axes != (len(input.shape) - 2, len(input.shape) - 1):
        raise Refusal(f"it needs (batch, channels, height, width) and gets an image of shape {input.shape}.")
    return input

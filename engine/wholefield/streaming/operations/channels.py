"""Operations over channels at one position, layouts, and normalization with fixed statistics."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Call, Local, Ref, Slot, Take
from wholefield.streaming.operations.layout import reshaped
from wholefield.streaming.operations.pointwise import (
    axes_from_right,
    broadcast,
    cuts_from_right,
    cutting,
    only_image,
    positionwise,
    same_axes,
    same_maps,
)
from wholefield.streaming.operations.registry import Refusal, register

_SPACE = (
    "it reduces over the image in a way that is not known; sums, means, variances, norms and largest values are. "
    "Move it to the head, behind the streamed network."
)

_REPEATS = "it repeats the image. Repeat channels only, or repeat the image before the streamed network."


@register("batch_norm")
def batch_norm(call: Call) -> Local:
    """Batch norm with its stored statistics."""
    return positionwise(call, only_image(call).axes)


@register("instance_norm")
def instance_norm(call: Call) -> Local:
    """Instance norm with its stored statistics."""
    return positionwise(call, only_image(call).axes)


@register("layer_norm", "rms_norm")
def layer_norm(call: Call) -> Local:
    """Layer norm over trailing dimensions that hold channels."""
    return positionwise(call, only_image(call).axes)


@register("local_response_norm")
def local_response_norm(call: Call) -> Local:
    """Response normalization over neighboring channels."""
    return positionwise(call, only_image(call).axes)


@register(
    "softmax",
    "log_softmax",
    "softmin",
    "cumsum",
    "cumprod",
    "normalize",
    "glu",
    "gumbel_softmax",
    "cosine_similarity",
)
def along_channels(call: Call) -> Local:
    """A function along one dimension, which must hold channels."""
    ref = call.refs[0]
    axes = same_axes(call, len(ref.shape))
    default = {"normalize": 1, "glu": -1, "cosine_similarity": 1}.get(call.name)
    dim = call.kwargs.get("dim", _first_int(call.args[1:], default))
    if call.name == "normalize":
        dim = call.kwargs.get("dim", 1)
    if dim is None or int(dim) % len(ref.shape) in axes:
        raise Refusal(
            "it runs along the image, so no tile can be computed by itself. Apply it over channels, or move it to the "
            "head, behind the streamed network."
        )
    kept = len(call.shape) == len(ref.shape)
    return positionwise(
        call, axes if kept else _without(ref, (int(dim),)), random=call.name == "gumbel_softmax"
    )


@register(
    "sum",
    "mean",
    "amax",
    "amin",
    "max",
    "min",
    "prod",
    "norm",
    "logsumexp",
    "argmax",
    "argmin",
    "std",
    "var",
    "all",
    "any",
)
def reduction(call: Call) -> Local:
    """A reduction over channels."""
    ref = call.refs[0]
    if call.name in ("max", "min") and any(isinstance(operand, Ref | Slot) for operand in call.args[1:]):
        return broadcast(call, same_axes(call, len(call.shape)))
    position = 2 if call.name == "norm" else 1
    dims = call.kwargs.get(
        "dim", call.kwargs.get("axis", call.args[position] if len(call.args) > position else None)
    )
    dims = (dims,) if isinstance(dims, int) else tuple(dims) if dims is not None else None
    if dims is None or not dims or any(int(dim) % len(ref.shape) in ref.axes for dim in dims):
        raise Refusal(_SPACE)
    kept = len(call.shape) == len(ref.shape)
    return positionwise(call, ref.axes if kept else _without(ref, dims))


@register("permute", "transpose", "mT", "movedim", "moveaxis", "swapaxes", "swapdims", "unsqueeze")
def layout(call: Call) -> Local:
    """Permuted, added or dropped dimensions."""
    ref = call.refs[0]
    axes = _followed(call, ref)
    return positionwise(call, axes)


@register("squeeze")
def squeeze(call: Call) -> Local:
    """Dropped dimensions of size one."""
    ref = call.refs[0]
    dims = call.args[1] if len(call.args) > 1 else call.kwargs.get("dim", tuple(range(len(ref.shape))))
    asked = {int(dim) % len(ref.shape) for dim in ((dims,) if isinstance(dims, int) else dims)}
    gone = tuple(dim for dim in sorted(asked) if ref.shape[dim] == 1)
    if any(dim in ref.axes for dim in gone):
        raise Refusal("it drops an axis of the image that is one pixel long. Name the dimension to drop.")

    def compute(take: Take, _: Sequence[Span]) -> Tensor:
        # A block may be one pixel long where the image is not.
        return take(ref).squeeze(gone)

    return Local(same_maps(ref), _without(ref, gone), compute)


@register(
    "chunk",
    "split",
    "tensor_split",
    "unbind",
    "narrow",
    "select",
    "repeat_interleave",
    "index_select",
)
def parts(call: Call) -> Local:
    """Pieces of the channels."""
    ref = call.refs[0]
    default = {"narrow": None, "select": None, "index_select": None}.get(call.name, 0)
    at = {"narrow": 1, "select": 1, "unbind": 1, "index_select": 1}.get(call.name, 2)
    dim = call.kwargs.get("dim", call.args[at] if len(call.args) > at else default)
    if dim is None or not isinstance(dim, int) or dim % len(ref.shape) in ref.axes:
        raise Refusal(
            "it cuts, shifts or picks along the image. Do so with channels only, and crop the image with slices."
        )
    return positionwise(call, ref.axes if len(call.shape) == len(ref.shape) else _without(ref, (dim,)))


@register("view", "reshape", "flatten", "unflatten")
def reshape(call: Call) -> Local:
    """Another shape: channels in another order, windows, tokens, windows in the batch."""
    if any(isinstance(argument, torch.dtype) for argument in (*call.args[1:], *call.kwargs.values())):
        raise Refusal("it reads the bits of numbers as another type. Convert them with .to(dtype).")
    return reshaped(only_image(call), call.shape)


@register("expand", "expand_as")
def expanded(call: Call) -> Local:
    """Repeated channels without copies; positions are those of the image as before."""
    source = call.args[0]
    axes = same_axes(call, len(call.shape))
    if isinstance(source, Ref) and tuple(call.shape[axis] for axis in axes) != source.lengths:
        raise Refusal(_REPEATS)
    cuts = {} if isinstance(source, Ref) else cuts_from_right(call, axes_from_right(call))

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        shape = list(call.shape)
        for axis, (start, stop) in zip(axes, out, strict=True):
            shape[axis] = stop - start
        return cutting(take, cuts, out)(source).expand(shape)

    return Local(same_maps(call.refs[0]), axes, compute)


@register("repeat", "tile")
def repeated(call: Call) -> Local:
    """Repeated channels."""
    ref = only_image(call)
    axes = tuple(axis + len(call.shape) - len(ref.shape) for axis in ref.axes)
    if tuple(call.shape[axis] for axis in axes) != ref.lengths:
        raise Refusal(_REPEATS)
    return positionwise(call, axes)


def _followed(call: Call, ref: Ref) -> tuple[int, ...]:
    """Where each axis of the image ends up: run the call on a tensor whose sizes tell its dimensions apart."""
    sizes = [k + 2 for k in range(len(ref.shape))]
    probe = torch.empty(sizes, device="meta")
    result = call.evaluate(lambda operand: probe if isinstance(operand, Ref) else operand)
    return tuple(list(result.shape).index(sizes[axis]) for axis in ref.axes)


def _without(ref: Ref, dims: Sequence[int]) -> tuple[int, ...]:
    gone = {int(dim) % len(ref.shape) for dim in dims}
    return tuple(axis - sum(dim < axis for dim in gone) for axis in ref.axes)


def _first_int(values: Sequence[Any], default: int | None) -> int | None:
    return next(
        (value for value in values if isinstance(value, int) and not isinstance(value, bool)), default
    )

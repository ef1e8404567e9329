"""Operations that treat every position by itself: arithmetic, activations, comparisons, concatenation, noise.

Noise per position is drawn again by the reverse sweep; noise per channel is drawn once a forward (see composite).
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from torch import Tensor
from torch.utils._pytree import tree_leaves

from wholefield.streaming.geometry.axis import AxisMap, Same
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Call, Local, Operand, Ref, Slot, Take
from wholefield.streaming.operations.layout import pick
from wholefield.streaming.operations.registry import Refusal, register

POINTWISE = (
    # arithmetic
    "add sub mul div true_divide floor_divide remainder fmod pow neg abs sign square sqrt rsqrt reciprocal exp expm1 "
    "log log1p log2 log10 sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc erfinv floor ceil "
    "round trunc frac clamp clip clamp_min clamp_max maximum minimum fmax fmin lerp addcmul addcdiv where nan_to_num "
    "positive rsub logaddexp hypot copysign xlogy subtract multiply divide negative absolute heaviside exp2 sinc "
    "__rsub__ __rdiv__ __rtruediv__ __rpow__ __rmul__ __radd__ __pow__ __mod__ __floordiv__ __rfloordiv__ __invert__ "
    # comparisons and logic
    "eq ne lt le gt ge logical_and logical_or logical_xor logical_not isnan isinf isfinite masked_fill "
    "__and__ __or__ __xor__ __rand__ __ror__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ greater greater_equal less "
    "less_equal not_equal "
    # activations
    "relu relu6 leaky_relu elu selu celu gelu silu mish sigmoid logsigmoid tanhshrink hardtanh hardsigmoid hardswish "
    "hardshrink softshrink softplus softsign threshold "
    # types and copies
    "type float double half bfloat16 int long short bool byte char clone contiguous detach "
    "zeros_like ones_like full_like empty_like alias data real fill zero copy as_tensor asarray"
).split()


def same_axes(call: Call, ndim: int) -> tuple[int, ...]:
    """Dimensions of the result that run over the image, for operands that broadcast against each other.

    Raises:
        Refusal: The operands lie differently over the image.
    """
    return tuple(axis + ndim for axis in axes_from_right(call))


def axes_from_right(call: Call) -> tuple[int, ...]:
    """Where the axes of the image lie in all operands, counted from the last dimension.

    Raises:
        Refusal: The operands lie differently over the image.
    """
    refs = call.refs
    from_right = {tuple(axis - len(ref.shape) for axis in ref.axes) for ref in refs}
    if len(from_right) > 1:
        raise Refusal(
            "its operands have the axes of the image in different places; permute them alike first."
        )
    lengths = {ref.lengths for ref in refs}
    if len(lengths) > 1:
        sizes = " and ".join(str(size) for size in sorted(lengths))
        raise Refusal(
            f"its operands have different sizes over the image, {sizes}; crop or resize them to one size."
        )
    return from_right.pop()


Cuts: TypeAlias = dict[int, tuple[tuple[int, int], ...]]
"""Where tensors that do not depend on the image vary over it: (dimension, axis of the image) by slot."""


def cuts_from_right(call: Call, from_right: Sequence[int]) -> Cuts:
    """The cuts of operands that broadcast against each other.

    Args:
        call: The call.
        from_right: Where each axis of the image lies, counted from the last dimension.

    Raises:
        Refusal: A constant is larger than the image.
    """
    lengths = call.refs[0].lengths
    found: Cuts = {}
    for leaf in tree_leaves((call.args, dict(call.kwargs))):
        if not isinstance(leaf, Slot):
            continue
        dims = tuple(
            (len(leaf.shape) + right, axis)
            for axis, right in enumerate(from_right)
            if -right <= len(leaf.shape) and leaf.shape[right] != 1
        )
        if any(leaf.shape[dim] != lengths[axis] for dim, axis in dims):
            raise Refusal("it repeats an image that is one pixel long. Use a larger image.")
        if dims:
            found[leaf.index] = dims
    return found


def cutting(take: Take, cuts: Cuts, out: Sequence[Span]) -> Take:
    """Takes of tensors that vary over the image the part at a block."""

    def taken(operand: Operand) -> Any:
        value = take(operand)
        for dim, axis in cuts.get(operand.index, ()) if isinstance(operand, Slot) else ():
            value = pick(value, dim, out[axis])
        return value

    return taken


def same_maps(ref: Ref) -> tuple[AxisMap, ...]:
    """Maps of an operation that reads the position it writes."""
    return tuple(Same(length, length) for length in ref.lengths)


def positionwise(call: Call, axes: tuple[int, ...], *, macs: int = 0, random: bool = False) -> Local:
    """A local operation that just calls its function on the blocks at hand."""

    def compute(take: Take, _: Sequence[Span]) -> Tensor:
        return call.evaluate(take)

    return Local(same_maps(call.refs[0]), axes, compute, macs=macs, random=random)


def broadcast(
    call: Call, axes: tuple[int, ...], cuts: Cuts | None = None, *, macs: int = 0, random: bool = False
) -> Local:
    """The same for operands some of which may be constants over the image, aligned from the right unless said."""
    cuts = cuts_from_right(call, axes_from_right(call)) if cuts is None else cuts
    if not cuts:
        return positionwise(call, axes, macs=macs, random=random)

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        return call.evaluate(cutting(take, cuts, out))

    return Local(same_maps(call.refs[0]), axes, compute, macs=macs, random=random, cuts=True)


@register(*POINTWISE)
def pointwise(call: Call) -> Local:
    """Any function of one position, with broadcasting over the other dimensions."""
    return broadcast(call, same_axes(call, len(call.shape)))


@register("to", "type_as")
def converted(call: Call) -> Local:
    """Another element type or device; of a tensor given as an example only these count."""
    if len(call.refs) > 1:
        return pointwise(call)
    return positionwise(call, call.refs[0].axes)


@register("prelu")
def prelu(call: Call) -> Local:
    """A leaky ReLU with a slope per channel."""
    return positionwise(call, only_image(call).axes)


def only_image(call: Call) -> Ref:
    """The single tensor over the image that a function takes as its first argument.

    Raises:
        Refusal: There are others.
    """
    if len(call.refs) > 1 or not isinstance(call.args[0], Ref):
        raise Refusal("its weights are computed from the image. Use weights that do not depend on it.")
    return call.refs[0]


@register("cat", "concat", "concatenate", "stack")
def joined(call: Call) -> Local:
    """Concatenation along a dimension that does not run over the image; stacking along a new one."""
    arguments = dict(zip(("tensors", "dim"), call.args, strict=False)) | dict(call.kwargs)
    tensors, dim = arguments["tensors"], int(arguments.get("dim", arguments.get("axis", 0)))
    axes = same_axes(call, len(tensors[0].shape))
    if call.name == "stack":
        dim %= len(call.shape)
        return broadcast(call, tuple(axis + (axis >= dim) for axis in axes))
    if dim % len(call.shape) in axes:
        raise Refusal("it joins two images side by side. Join them before the streamed network.")
    return broadcast(call, axes)


@register(
    "dropout", "alpha_dropout", "rand_like", "randn_like", "bernoulli", "normal", "uniform", "exponential"
)
def per_position(call: Call) -> Local:
    """Noise that is drawn for every position by itself."""
    return positionwise(call, call.refs[0].axes, random=_draws(call))


@register("rrelu")
def rrelu(call: Call) -> Local:
    """A leaky ReLU whose slope is drawn for every position in training."""
    return positionwise(call, call.refs[0].axes, random=True)


def _draws(call: Call) -> bool:
    training = call.kwargs.get("training", call.args[2] if len(call.args) > 2 else True)
    return bool(training) or "dropout" not in call.name

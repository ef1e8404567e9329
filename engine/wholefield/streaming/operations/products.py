"""Products of matrices at every position or in every window: linear maps of channels, and attention inside windows.

What they sum over must not run over the image; a product over the whole image is refused.
"""

from collections.abc import Sequence
from itertools import islice
from string import ascii_letters

from wholefield.streaming.operations.call import Call, Local, Operand, Ref, Slot
from wholefield.streaming.operations.pointwise import Cuts, axes_from_right, broadcast, cuts_from_right
from wholefield.streaming.operations.registry import Refusal, register

_ATTENTION = (
    "attention over the whole image, or another product over space: every position reads every other, so no tile can "
    "be computed by itself. Move it to the head, behind the streamed network; attention inside windows streams."
)
_PRODUCT = (
    "a matrix product that may mix the whole image, as attention over space does. Over channels use a linear layer or "
    "a 1x1 convolution; over space move it to the head, behind the streamed network."
)


@register("matmul", "__matmul__", "__rmatmul__", "bmm", "mm")
def matmul(call: Call) -> Local:
    """Products of the last two dimensions."""
    first, second = _operands(call, "input mat2", "input other")[:2]
    return _product(call, (second, first) if call.name == "__rmatmul__" else (first, second))


@register("baddbmm")
def added_product(call: Call) -> Local:
    """The product of the last two dimensions, added to something."""
    _, first, second = _operands(call, "input batch1 batch2")[:3]
    return _product(call, (first, second))


def _product(call: Call, factors: Sequence[Operand]) -> Local:
    first, second = factors
    both = all(isinstance(factor, Ref) for factor in factors)
    if _summed(first, -1) or _summed(second, -2) or min(len(factor.shape) for factor in factors) < 2:
        raise Refusal(_ATTENTION if both else _PRODUCT)
    if both and any(axis >= len(ref.shape) - 2 for ref in (first, second) for axis in ref.axes):
        raise Refusal(_ATTENTION)
    right = axes_from_right(call)
    inner = factors[1 if isinstance(first, Ref) else 0]
    macs = inner.shape[-1] * inner.shape[-2]
    # A constant matrix is no constant over the image, whatever its sizes; a stack of them may be.
    behind = [axis if axis < -2 else -len(inner.shape) - 1 for axis in right]
    cuts = cuts_from_right(call, right if both else behind)
    return broadcast(call, tuple(axis + len(call.shape) for axis in right), cuts, macs=macs)


def _summed(factor: Operand, dim: int) -> bool:
    return isinstance(factor, Ref) and len(factor.shape) + dim in factor.axes


@register("scaled_dot_product_attention")
def attention(call: Call) -> Local:
    """Attention whose tokens are channels, frames or the positions of a window."""
    query, *_, mask, dropout = _operands(call, "query key value attn_mask dropout_p")[:5]
    right = axes_from_right(call)
    if max(right) > -3 or not isinstance(query, Ref):
        raise Refusal(_ATTENTION)
    macs = 2 * query.shape[-2] * query.shape[-1]
    cuts = cuts_from_right(call, right) if isinstance(mask, Slot) else {}
    return broadcast(
        call, tuple(axis + len(call.shape) for axis in right), cuts, macs=macs, random=bool(dropout)
    )


@register("einsum")
def einsum(call: Call) -> Local:
    """A product over named dimensions; those of the image are named in the result."""
    equation, *operands = call.args
    operands = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], Sequence) else operands
    given, result = _subscripts(str(equation), [len(operand.shape) for operand in operands])
    names = {
        tuple(letters[axis] for axis in operand.axes)
        for operand, letters in zip(operands, given, strict=True)
        if isinstance(operand, Ref)
    }
    if len(names) > 1 or len({ref.lengths for ref in call.refs}) > 1:
        raise Refusal(_ATTENTION)
    over = names.pop()
    if any(name not in result for name in over):
        raise Refusal(_PRODUCT)
    cuts: Cuts = {}
    for operand, letters in zip(operands, given, strict=True):
        if isinstance(operand, Slot):
            dims = tuple((letters.index(name), axis) for axis, name in enumerate(over) if name in letters)
            dims = tuple((dim, axis) for dim, axis in dims if operand.shape[dim] > 1)
            if dims:
                cuts[operand.index] = dims
    return broadcast(call, tuple(result.index(name) for name in over), cuts)


def _subscripts(equation: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """The letters of every operand and of the result, with the ellipsis written out."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    operands = left.split(",")
    unused = [letter for letter in ascii_letters if letter not in equation]
    most = max(n - len(s.replace("...", "")) for n, s in zip(ndims, operands, strict=True))
    rest = "".join(islice(unused, max(most, 0)))
    written = [
        s.replace("...", rest[len(rest) - (n - len(s.replace("...", ""))) :]) if "..." in s else s
        for n, s in zip(ndims, operands, strict=True)
    ]
    if not arrow:
        letters = "".join(operands).replace(".", "")
        result = rest + "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    return written, result.replace("...", rest)


def _operands(call: Call, *names: str) -> list[Operand]:
    """Operands in their order, however they were given; None for those left out."""
    for spelling in names:
        named = spelling.split()
        if set(call.kwargs) & set(named) or len(names) == 1 or spelling == names[-1]:
            given = dict(zip(named, call.args, strict=False)) | dict(call.kwargs)
            return [given.get(name) for name in named]
    return list(call.args)

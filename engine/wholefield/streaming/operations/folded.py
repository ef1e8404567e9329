"""Operations on tensors in which the network sees several dimensions as one: done as on any other, block by block."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_map

from wholefield.streaming.geometry.axis import Same
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Call, Local, Operand, Ref, Take
from wholefield.streaming.operations.layout import (
    Dims,
    Part,
    Places,
    block_shape,
    dims_of,
    facade,
    seen_shape,
    stored_as,
)
from wholefield.streaming.operations.registry import Refusal, rule_for

# They change the dimensions themselves.
RESHAPES = frozenset("view reshape flatten unflatten fold col2im".split())


def local_for(call: Call) -> Local:
    """The local operation that a call comes to.

    Raises:
        Refusal: It is not local; the text says why.
    """
    rule = rule_for(call.name)
    if call.name in RESHAPES or not any(ref.groups for ref in call.refs):
        return rule(call)
    return _folded(call, rule(_seen(call)))


def _seen(call: Call) -> Call:
    """The call on tensors as the network sees them."""
    args, kwargs = tree_map(
        lambda operand: facade(operand) if isinstance(operand, Ref) else operand,
        (call.args, dict(call.kwargs)),
    )
    return replace(call, args=args, kwargs=kwargs)


def _folded(call: Call, local: Local) -> Local:
    """An operation that was found for tensors as the network sees them, on what is stored."""
    if not all(isinstance(axis_map, Same) for axis_map in local.maps):
        raise Refusal(
            "it reads neighbors in an image whose axes are flattened into one. Give it (batch, channels, *axes)."
        )
    dims = {ref.index: dims_of(ref) for ref in call.refs}
    lying = [[dim for dim in dims[ref.index] if _over_image(dim)] for ref in call.refs]
    if any(other != lying[0] for other in lying):
        raise Refusal("its operands have the axes of the image flattened in different orders.")
    over = dict(zip(local.axes, lying[0], strict=True))
    result: Dims = tuple(over.get(k, (Part(size),)) for k, size in enumerate(call.shape))
    stored, axes, groups = stored_as(result)

    def seeing(take: Take) -> Take:
        def taken(operand: Operand) -> Any:
            block = take(operand)
            return (
                block.reshape(seen_shape(dims[operand.index], block.shape))
                if isinstance(operand, Ref)
                else block
            )

        return taken

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        places = [Places.of(parts, tuple(out)) for parts in lying[0]]
        return local.compute(seeing(take), places).reshape(block_shape(result, out))

    def recall(take: Take, known: Tensor) -> Tensor:
        assert local.recall is not None
        return local.recall(seeing(take), known.reshape(seen_shape(result, known.shape))).reshape(known.shape)

    first = call.refs[0]
    return replace(
        local,
        maps=tuple(Same(length, length) for length in first.lengths),
        axes=axes,
        compute=compute,
        recall=None if local.recall is None else recall,
        shape=stored,
        groups=groups,
    )


def _over_image(dim: Sequence[Part]) -> bool:
    return any(part.axis is not None for part in dim)

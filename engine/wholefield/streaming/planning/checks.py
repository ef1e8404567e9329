"""What a streamed network refuses before it begins: images, masks and settings that cannot work."""

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.images import LazyImage
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.reductions import Reduction
from wholefield.streaming.execution.sweep import output_nodes
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.tracing.program import Program


def check_image(x: object) -> None:
    """Refuse what cannot be an image, and transforms that would look into the sweeps, before torch does."""
    if not isinstance(x, Tensor | LazyImage):
        raise StreamingError(
            f"A streamed network takes one image (batch, channels, *axes), not a {type(x).__name__}. Join several "
            "along the channels with torch.cat, and take them apart in the network."
        )
    if not x.shape or not x.shape[0]:
        raise StreamingError(f"The batch of shape {tuple(x.shape)} holds no image; stream at least one.")
    if torch._C._functorch.peek_interpreter_stack() is not None:
        raise StreamingError(
            "torch.func transforms (grad, vmap, jvp) cannot look into a streamed network. Use backward or "
            "torch.autograd.grad, and a batch instead of vmap."
        )


def check_skipped(program: Program, stages: int, ring: Ring | None) -> None:
    """Refuse to skip background where its tiles are not alike, lie with several processes, or gradients are wanted."""
    if ring is not None:
        raise StreamingError(
            "Background is skipped by one process only. Leave one of the settings skip and process_group empty."
        )
    if torch.is_grad_enabled() or program.random:
        raise StreamingError(
            "Background is skipped in inference only. Compute under torch.no_grad() and in eval() mode, or leave the "
            "setting skip empty."
        )
    if stages > 1:
        raise StreamingError(
            "The network takes statistics of the whole image, to which background counts, so that it cannot be "
            "skipped. Compute all of the image, or take the statistics of a region."
        )


def check_pooled(program: Program, reduction: Reduction | None, mask: Tensor | None) -> None:
    """Refuse a reduction of an output that is also returned, and a mask that does not fit."""
    if reduction is None:
        if mask is not None:
            raise StreamingError("A mask says what a reduction counts; this network is streamed without one.")
        return
    outputs = output_nodes(program)
    if not outputs:
        raise StreamingError("The network pools its output itself; stream it without a reduction.")
    first = outputs[0]
    if first.groups:
        raise StreamingError(
            "The network flattens the image in the output that is pooled. Return (batch, channels, *axes)."
        )
    leaves = [leaf for leaf in tree_leaves(program.outputs) if isinstance(leaf, Ref)]
    if sum(leaf.index == first.index for leaf in leaves) > 1:
        raise StreamingError(
            "The network returns the output that is pooled twice; return a copy of it (x + 0) to get it as it is, too."
        )
    if mask is None:
        return
    if mask.dtype is not torch.bool or mask.shape not in (
        (count, *first.lengths) for count in (1, first.shape[0])
    ):
        raise StreamingError(
            f"The mask is {mask.dtype} {tuple(mask.shape)} but must be torch.bool {(first.shape[0], *first.lengths)}, "
            "one value for every position of the output that is pooled. wholefield.streaming.mask_at makes one."
        )
    if not mask.flatten(1).any(1).all():
        raise StreamingError(
            "The mask leaves nothing of an image, so there is nothing to pool; leave the image out."
        )

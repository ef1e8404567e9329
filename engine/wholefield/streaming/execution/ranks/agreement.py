"""What all ranks must have alike, or the parts that they compute do not fit together."""

import math
from collections.abc import Iterable, Mapping
from zlib import crc32

import torch
from torch import Tensor

from wholefield.streaming.errors import RankError, StreamingError
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence

_CLOSE = 1e-3
"""Relative difference of gradients that other processors may make."""


def agree_on_forward(
    ring: Ring, recurrence: Recurrence, tensors: Iterable[Tensor], learns: Iterable[bool]
) -> None:
    """Check image, tiles, weights and what is to get a gradient.

    Raises:
        StreamingError: They differ, or the network cannot be streamed in several processes.
    """
    program = recurrence.program
    if program.random:
        raise StreamingError(
            "The network draws random numbers for every position, which several processes cannot do as one would. Call "
            "eval() on the layers that do, or leave the setting process_group empty."
        )
    facts = {
        "shape of the image": program.image.shape,
        "element type of the image": program.image.dtype,
        "tile size": tuple(axis.tile for axis in recurrence.axes),
        "number of operations": len(program.nodes),
        "checksum of the weights": crc32(b"".join(map(_bytes, tensors))),
        "tensors that get a gradient": list(learns),
    }
    for rank, others in enumerate(ring.exchange(facts, program.device)):
        for name, fact in facts.items():
            if others[name] != fact:
                raise _different(ring, rank, name, fact, others[name])


def agree_on_backward(ring: Ring, recurrence: Recurrence, grads: Mapping[int, Tensor]) -> None:
    """Check that the gradients of the results are the same: each rank uses those of its own rows.

    Raises:
        StreamingError: They differ.
    """
    norms = {node: float(torch.linalg.vector_norm(grad.double())) for node, grad in grads.items()}
    for rank, others in enumerate(ring.exchange(norms, recurrence.program.device)):
        if norms.keys() != others.keys() or not all(_close(norms[node], others[node]) for node in norms):
            found, other = (list(each.values()) for each in (norms, others))
            raise _different(ring, rank, "gradients of the output", found, other)


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_CLOSE) or (math.isnan(one) and math.isnan(other))


def _bytes(tensor: Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)
    return crc32(flat.numpy().data).to_bytes(4, "big")


def _different(ring: Ring, rank: int, name: str, one: object, other: object) -> RankError:
    return RankError(
        f"Ranks {ring.rank} and {rank} do not have the same {name}: {one} and {other}. All ranks must stream the same "
        "image with the same network and loss: give them the same settings, weights and random seed."
    )

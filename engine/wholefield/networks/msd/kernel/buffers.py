"""Large buffers that outlive a call, so that memory is neither asked for nor zeroed again in every step."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

# Spare memory kept for each kind of device and data type, in bytes.
KEPT = 1 << 30


class Lease:
    """A borrowed buffer; the memory goes back to the pool when the lease is closed or collected.

    Attributes:
        tensor: The borrowed tensor, contiguous, of undefined content.
    """

    def __init__(self, pool: "BufferPool", storage: Tensor, shape: tuple[int, ...]) -> None:
        self._pool = pool
        self._storage: Tensor | None = storage
        self.tensor = storage[: math.prod(shape)].view(shape)

    def close(self) -> None:
        """Give the memory back; the tensor must not be used afterwards."""
        if self._storage is not None:
            self._pool.take_back(self._storage)
            self._storage = None

    def __del__(self) -> None:
        self.close()


class BufferPool:
    """Flat pieces of memory, lent as tensors of any shape; safe to use from several threads."""

    def __init__(self, limit: int = KEPT) -> None:
        self._limit = limit
        self._spare: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
        self._lock = threading.RLock()

    def borrow(self, shape: tuple[int, ...], like: Tensor) -> Lease:
        """Lend a tensor of a shape, with the data type and device of another tensor."""
        size = math.prod(shape)
        with self._lock:
            spare = self._spare.setdefault((like.device, like.dtype), [])
            fitting = [piece for piece in spare if size <= piece.numel() <= 2 * size + 4096]
            if fitting:
                piece = min(fitting, key=Tensor.numel)
                spare[:] = [other for other in spare if other is not piece]
            else:
                # What has not fitted makes room first, so that changing sizes do not pile up.
                self._shrink(spare, max(0, self._limit - size * like.itemsize))
                piece = torch.empty(size, dtype=like.dtype, device=like.device)
        return Lease(self, piece, shape)

    def take_back(self, piece: Tensor) -> None:
        """Keep a piece for the next borrower; the oldest spare pieces are released."""
        with self._lock:
            spare = self._spare.setdefault((piece.device, piece.dtype), [])
            spare.append(piece)
            self._shrink(spare, self._limit)

    @staticmethod
    def _shrink(spare: list[Tensor], limit: int) -> None:
        """Release the oldest spare pieces until the others take no more bytes than the limit."""
        while sum(each.nbytes for each in spare) > limit:
            del spare[0]

    def spare_bytes(self) -> int:
        """Memory kept for the next borrowers, of all kinds together."""
        with self._lock:
            return sum(each.nbytes for kind in self._spare.values() for each in kind)

    def clear(self) -> None:
        """Release all spare memory."""
        with self._lock:
            self._spare.clear()


POOL = BufferPool()


def release_buffers() -> None:
    """Free the memory that mixed-scale dense networks keep between calls.

    Example:
        >>> from wholefield.networks.msd import release_buffers
        >>> release_buffers()
    """
    POOL.clear()


@contextmanager
def borrowed(shape: tuple[int, ...], like: Tensor) -> Iterator[Tensor]:
    """A buffer of undefined content for the length of a with statement."""
    lease = POOL.borrow(shape, like)
    try:
        yield lease.tensor
    finally:
        lease.close()

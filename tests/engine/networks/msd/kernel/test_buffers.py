"""Buffers are lent, taken back and lent again, never to two borrowers."""

import torch

from wholefield.networks.msd.kernel.buffers import BufferPool


def test_memory_comes_back_and_is_lent_again() -> None:
    pool, like = BufferPool(), torch.empty(0)
    first = pool.borrow((3, 5000), like)
    other = pool.borrow((3, 5000), like)
    assert first.tensor.data_ptr() != other.tensor.data_ptr()
    address = first.tensor.data_ptr()
    del first
    again = pool.borrow((5000, 3), like)
    assert again.tensor.data_ptr() == address
    assert again.tensor.shape == (5000, 3)
    again.close()
    again.close()
    assert pool.borrow((5000, 3), like).tensor.data_ptr() == address
    assert pool.borrow((10,), like.double()).tensor.dtype == torch.float64


def test_spare_memory_is_bounded() -> None:
    pool, like = BufferPool(limit=1000), torch.empty(0)
    leases = [pool.borrow((100,), like) for _ in range(5)]
    for lease in leases:
        lease.close()
    assert pool.spare_bytes() == 800
    pool.clear()
    assert pool.spare_bytes() == 0

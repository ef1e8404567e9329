"""Tensors that outlive a tile get memory of their own."""

import torch

from wholefield.malloc import give_back_freed_memory
from wholefield.streaming.execution.host_memory import Shelf, packed, packed_blocks


def test_copies_have_the_values_the_order_and_the_type_of_their_tensors() -> None:
    tensors = [
        torch.randn(2, 3, 5, 7).to(memory_format=torch.channels_last),
        torch.randn(1, 4, 6, dtype=torch.float64)[:, 1:, ::2],
        torch.arange(7, dtype=torch.int64),
        torch.randn(2, 3, 0, 4),
        torch.randn(3, 1, dtype=torch.float32).bfloat16(),
    ]
    for copy, tensor in zip(packed(tensors), tensors, strict=True):
        assert torch.equal(copy, tensor)
        assert copy.dtype == tensor.dtype
        assert copy.stride() == torch.empty_like(tensor).stride()


def test_each_copy_is_a_tensor_of_its_own() -> None:
    first, second = packed([torch.ones(5), torch.ones(6)])
    first.requires_grad_()
    assert not second.requires_grad
    second.zero_()
    assert first.sum() == 5
    assert first.untyped_storage().data_ptr() != second.untyped_storage().data_ptr()
    assert not first._is_view()
    torch.relu_(packed([torch.tensor([-1.0])])[0])


def test_memory_lives_as_long_as_one_of_its_tensors() -> None:
    kept = packed([torch.full((100_000,), 1.0), torch.full((100_000,), 2.0)])[1]
    others = [torch.full((100_000,), 3.0) for _ in range(5)]
    give_back_freed_memory()
    assert kept.unique().tolist() == [2.0]
    assert len(others) == 5


def test_a_shelf_puts_copies_side_by_side() -> None:
    shelf = Shelf()
    tensors = [torch.randn(1, 3, 5, 7).to(memory_format=torch.channels_last), torch.randn(2, 100_000)]
    tensors += [torch.randn(2, 0), *torch.randn(9, 40).unbind()]
    for copy, tensor in zip(list(map(shelf.put, tensors)), tensors, strict=True):
        assert torch.equal(copy, tensor)
        assert copy.stride() == tensor.stride()
        assert not copy.numel() or copy.data_ptr() != tensor.data_ptr()
        assert not copy._is_view()
    assert packed_blocks({}) == {}

"""Tensors that outlive a tile get memory of their own."""

import torch

from wholefield.malloc import give_back_freed_memory
from wholefield.streaming.execution.host_memory import packed, packed_blocks, packed_halos


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


def test_pieces_that_were_given_are_handed_on_as_they_are() -> None:
    spans = ((0, 2), (0, 3))
    old, new = torch.ones(1, 1, 2, 3), torch.zeros(1, 1, 2, 3)
    found = packed_halos({(0, 1): ((spans, old), (spans, new))}, {(1, 1): ((spans, old),)})
    (_, first), (_, second) = found[0, 1]
    assert first is old
    assert second is not new
    assert torch.equal(second, new)
    assert packed_blocks({}) == {}

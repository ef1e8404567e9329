"""One name for all spellings of a torch function."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from wholefield.streaming.tracing.op_names import in_place, operation_name, out_of_place, reads_property

KIND: Any = Tensor


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (functional.relu, "relu"),
        (torch.relu, "relu"),
        (torch.relu_, "relu"),
        (Tensor.relu_, "relu"),
        (Tensor.add_, "add"),
        (functional.max_pool2d, "max_pool2d"),
        (Tensor.__getitem__, "__getitem__"),
        (Tensor.__iand__, "__and__"),
        (KIND.shape.__get__, "shape"),
    ],
)
def test_canonical_names(function: Any, name: str) -> None:
    assert operation_name(function) == name


def test_reading_a_property_and_writing_in_place() -> None:
    assert reads_property(KIND.device.__get__)
    assert not reads_property(torch.relu)
    assert in_place(Tensor.add_, {})
    assert in_place(functional.relu, {"inplace": True})
    assert in_place(Tensor.__ior__, {})
    assert not in_place(Tensor.__getitem__, {})
    assert not in_place(functional.relu, {"inplace": False})


@pytest.mark.parametrize("function", [Tensor.add_, Tensor.__iand__, Tensor.clamp_min_])
def test_out_of_place_leaves_the_tensor_alone(function: Any) -> None:
    tensor = torch.arange(5)
    before = tensor.clone()
    expected = function(tensor.clone(), 3)
    assert torch.equal(out_of_place(function)(tensor, 3), expected)
    assert torch.equal(tensor, before)

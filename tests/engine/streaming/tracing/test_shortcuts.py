"""The shortcuts answer as torch does, or leave the answer to torch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from wholefield.streaming.tracing.op_names import operation_name
from wholefield.streaming.tracing.shortcuts import result_of

ACTIVATIONS = (
    *"relu relu6 leaky_relu elu selu celu gelu silu mish sigmoid".split(),
    *"tanh softplus hardtanh hardswish hardsigmoid".split(),
)


def meta(*shape: int, **options: Any) -> Tensor:
    return torch.empty(shape, device="meta", **options)


def described(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.dtype, tensor.stride(), tensor.device, tensor.requires_grad


@pytest.mark.parametrize("learns", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, dtype: torch.dtype, learns: bool) -> None:
    function = getattr(functional, name, None) or getattr(torch, name)
    assert operation_name(function) == name
    x = meta(2, 3, 5, 7, dtype=dtype, requires_grad=learns)
    for view in (x, x.permute(0, 2, 3, 1), x.contiguous(memory_format=torch.channels_last)):
        found = result_of(name, (view,), {})
        assert found is not None
        assert described(found) == described(function(view))
        assert found.untyped_storage()._cdata != x.untyped_storage()._cdata
    with torch.no_grad():
        found = result_of(name, (x,), {})
        assert found is not None
        assert not found.requires_grad


@pytest.mark.parametrize("function", [torch.add, torch.sub, torch.mul, torch.div])
def test_arithmetic(function: Callable[..., Tensor]) -> None:
    name = function.__name__
    x, y = meta(2, 3, 5, requires_grad=True), meta(2, 3, 5)
    for args in ((x, y), (y, x), (x, 2), (x, 0.5)):
        found = result_of(name, args, {})
        assert found is not None
        assert described(found) == described(function(*args))
    for other in (meta(3, 5), meta(2, 3, 1), meta(2, 3, 5, dtype=torch.float64), meta(2, 3, 4)):
        assert result_of(name, (x, other), {}) is None
        assert result_of(name, (other, x), {}) is None
    assert result_of(name, (meta(2, dtype=torch.int64), 0.5), {}) is None
    assert result_of(name, (2, x), {}) is None


def test_batch_norm() -> None:
    x, channels = meta(2, 3, 5, 7), meta(3)
    found = result_of("batch_norm", (x, channels, channels), {"weight": channels, "bias": None, "eps": 1e-5})
    assert found is not None
    assert described(found) == described(functional.batch_norm(x, channels, channels, channels))
    assert result_of("batch_norm", (x, meta(4), meta(4)), {}) is None


@pytest.mark.parametrize("name", ["conv2d", "cat", "softmax", "dropout", "max_pool2d"])
def test_everything_else_is_left_to_torch(name: str) -> None:
    assert result_of(name, (meta(1, 3, 5, 5),), {}) is None

"""Canonical names of torch functions: `F.relu`, `torch.relu`, `Tensor.relu` and `Tensor.relu_` are all "relu"."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

# Functions that torch builds by dispatch carry no name of their own; the name they are published under is theirs.
_PUBLISHED = {id(value): name for name, value in vars(functional).items() if callable(value)}

_AUGMENTED = {"__iand__": "__and__", "__ior__": "__or__", "__ixor__": "__xor__"}


def operation_name(function: Callable[..., Any]) -> str:
    """The canonical name of a torch function, without the mark of an in-place variant; a property's own name."""
    name = _plain_name(function)
    if name in ("__get__", "__set__"):
        return str(getattr(getattr(function, "__self__", None), "__name__", name))
    name = _AUGMENTED.get(name, str(_PUBLISHED.get(id(function)) or name))
    return name if name.startswith("__") else name.strip("_")


def reads_property(function: Callable[..., Any]) -> bool:
    """Whether a call reads an attribute of a tensor, such as its device."""
    return _plain_name(function) == "__get__"


def in_place(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a call writes its result into its first argument."""
    name = _plain_name(function)
    marked = name.endswith("_") and not name.endswith("__")
    return marked or bool(kwargs.get("inplace")) or name in _AUGMENTED


def writes_itself(function: Callable[..., Any]) -> bool:
    """Whether a function is the in-place variant by name, without a flag."""
    return _plain_name(function).endswith("_")


def out_of_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns what an in-place one would write, and leaves its arguments alone."""
    name = _plain_name(function)
    if not name.endswith("_") or (name.endswith("__") and name not in _AUGMENTED):
        return function
    plain = getattr(Tensor, _AUGMENTED.get(name, name.rstrip("_")), None)
    if callable(plain):
        return plain

    def on_a_copy(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return function(tensor.clone(), *args, **kwargs)

    return on_a_copy


def _plain_name(function: Callable[..., Any]) -> str:
    if isinstance(function, torch._ops.OpOverload):
        # An operator of an exported program, such as aten::add.Tensor.
        return str(function._schema.name).split("::")[-1]
    return str(getattr(function, "__name__", "")) or repr(function)

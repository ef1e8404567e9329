"""Reaching into networks and gradients: what torch types as maybe missing is there in these tests."""

from typing import Any

from torch import Tensor, nn


def part(network: nn.Module, path: str) -> Any:
    """The module or parameter at a dotted path, without torch's `Tensor | Module`."""
    found: Any = network
    for name in path.split("."):
        found = getattr(found, name)
    return found


def gradient(tensor: Tensor) -> Tensor:
    """The gradient of a tensor that has one."""
    assert tensor.grad is not None
    return tensor.grad


def gradients(network: nn.Module) -> dict[str, Tensor]:
    """Copies of the gradients of all parameters, each of which has one, by name."""
    return {name: gradient(parameter).clone() for name, parameter in network.named_parameters()}

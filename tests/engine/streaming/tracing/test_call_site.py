"""The layer and the line of the model that made a call."""

import torch
from torch import nn

from wholefield.streaming.tracing.call_site import calling, is_the_users


def test_torch_and_the_tracer_are_not_the_users() -> None:
    assert not is_the_users(torch.nn.functional.__file__)
    assert not is_the_users(calling.__code__.co_filename)
    assert is_the_users(__file__)
    assert is_the_users("C:\\models\\net.py")


class Asking(nn.Module):
    """Asks from inside its forward where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.sought: tuple[dict[int, str], object] = ({}, None)

    def forward(self) -> tuple[str, str]:
        modules, sought = self.sought
        return calling(modules, sought)


def traced(network: nn.Module, tracer: object) -> tuple[str, str]:
    """A frame that holds the tracer under its name, at which the search ends."""
    found: tuple[str, str] = network(tracer)
    return found


class Outer(nn.Module):
    """A layer around the one that asks; its frame holds the tracer under another name."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Asking()

    def forward(self, mark: object) -> tuple[str, str]:
        self.inner.sought = ({id(module): name for name, module in self.named_modules()}, mark)
        found: tuple[str, str] = self.inner()
        return found


def test_the_innermost_layer_and_line() -> None:
    layer, site = traced(Outer(), object())
    assert layer == "inner"
    assert site.startswith("test_call_site.py line ")


def test_nothing_outside_the_trace_is_named() -> None:
    tracer = object()
    assert calling({}, tracer) == ("", "")

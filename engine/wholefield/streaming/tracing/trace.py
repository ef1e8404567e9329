"""Recording a network: run its forward on tensors without data and write down every torch function it calls.

Python control flow runs as it stands, on the true shapes; only a branch on pixel values has no answer here.
"""

import linecache
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

# torch offers no public way to step out of a running counter or profiler of operations.
from torch.utils._python_dispatch import _disable_current_modes

from wholefield.streaming.errors import StreamingError, needs_values
from wholefield.streaming.operations.known_functions import declare_known
from wholefield.streaming.tracing.call_site import is_the_users
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.tracer import Tracer


def trace(network: nn.Module, shape: Iterable[int], dtype: torch.dtype, device: torch.device) -> Program:
    """Record what `network` does to an image of the given shape, in the grad mode of the caller.

    The network itself stays as it is. What it decides by settings, shapes and values of its buffers is recorded as
    decided now, so a program holds for one forward.

    Args:
        network: A module of local operations that takes one tensor.
        shape: (batch, channels, *axes) of the whole image.
        dtype: Element type of the image.
        device: Device that the network sees as its own.

    Raises:
        NotLocalError: A layer is not local; the text names it.
        StreamingError: The shape is not that of an image, the forward fails, or it branches on pixel values; the text
            names the line.
    """
    sizes = tuple(shape)
    _check_shape(sizes)
    _check_network(network)
    declare_known(network)
    tracer = Tracer(network, sizes, dtype, device)
    try:
        with _attributes_kept(network), _disable_current_modes(), tracer:
            result = network(tracer.image)
    except StreamingError:
        raise
    except Exception as error:
        raise StreamingError(_failure(error, sizes)) from error
    return tracer.program(result)


def _check_shape(shape: tuple[int, ...]) -> None:
    if not 3 <= len(shape) <= 5:
        raise StreamingError(
            f"The image has the shape {shape}; a streamed network takes (batch, channels, *axes) with one to three "
            "axes. Add the missing dimensions with unsqueeze."
        )
    if min(shape[2:]) < 1:
        raise StreamingError(
            f"The image of shape {shape} has no pixels; use one with at least one along each axis."
        )


def _check_network(network: nn.Module) -> None:
    """Refuse what the trace cannot see: scripts, parameters without a shape, and hooks, as no module runs again."""
    for name, parameter in network.named_parameters():
        if is_lazy(parameter):
            raise StreamingError(
                f"The parameter '{name}' of a lazy layer has no shape yet. Run the network once on a small image first."
            )
    for name, module in network.named_modules():
        layer = f"The layer '{name}'" if name else "The network"
        if isinstance(module, torch.jit.ScriptModule):
            raise StreamingError(
                f"{layer} is a TorchScript module, whose calls cannot be traced. Use the module it was made from."
            )
        for hook in (*module._forward_pre_hooks.values(), *module._forward_hooks.values()):
            if _is_a_users(hook):
                raise StreamingError(
                    f"{layer} has a forward hook, which would see tensors without data: tiles are computed operation "
                    "by operation, not module by module. Remove the hook; to look at a tensor, return it."
                )
        if torch.is_grad_enabled() and (module._backward_hooks or module._backward_pre_hooks):
            raise StreamingError(
                f"{layer} has a backward hook, which a streamed network cannot call: the reverse sweep recomputes "
                "tiles, not modules. Remove the hook, or put it on the streamed module."
            )


def _is_a_users(hook: Any) -> bool:
    """Whether a hook is not one of torch's own, such as that of torch.nn.utils.weight_norm."""
    while isinstance(hook, partial):
        hook = hook.func
    made_by = hook if hasattr(hook, "__code__") or hasattr(hook, "__func__") else type(hook)
    return str(made_by.__module__).split(".")[0] != "torch"


@contextmanager
def _attributes_kept(network: nn.Module) -> Iterator[None]:
    """Put back what the forward stores in its modules: while it is traced that is a tensor without data."""
    before = [(module, dict(vars(module)), dict(module._buffers)) for module in network.modules()]
    try:
        yield
    finally:
        rebound: list[str] = []
        for module, attributes, buffers in before:
            _put_back(vars(module), attributes)
            rebound += _put_back(module._buffers, buffers)
    if rebound:
        raise StreamingError(
            f"The network replaces its buffer '{rebound[0]}' in its forward. Write into it in place instead, or "
            "update it outside the streamed network."
        )


def _put_back(values: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Undo assignments of tensors without data; returns the names."""
    changed = [
        name
        for name, value in values.items()
        if isinstance(value, Tensor) and value.is_meta and value is not before.get(name)
    ]
    for name in changed:
        if name in before:
            values[name] = before[name]
        else:
            del values[name]
    return changed


def _failure(error: Exception, shape: tuple[int, ...]) -> str:
    """A sentence with the line of the user's model at which its forward failed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_the_users(frame.filename)]
    place = ""
    if frames:
        line = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip()
        place = f" at {Path(frames[-1].filename).name} line {frames[-1].lineno} ({shorten(line, 80)})"
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if needs_values(error):
        return (
            f"The network decides by pixel values or random numbers{place}; they are not available during tracing. "
            "Decide by shapes, settings or Python's own random numbers, or move that part behind the streamed network."
        )
    return f"The network failed on an input of shape {shape}{place}: {text}"

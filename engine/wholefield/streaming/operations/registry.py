"""Which rule turns a traced call into a local operation."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from torch import Tensor
from torch.autograd import Function
from torch.overrides import handle_torch_function, has_torch_function

from wholefield.streaming.geometry.axis import Same
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Call, Local, Take


class Refusal(Exception):
    """A call that cannot be streamed; the text is the reason and the way out."""


Rule: TypeAlias = Callable[[Call], Local]

_rules: dict[str, Rule] = {}
_declared: set[type[Function]] = set()

_GLOBAL = "it mixes the whole image, so no tile can be computed by itself."
_TO_THE_HEAD = f"{_GLOBAL} Move it to the head, behind the streamed network."
_NOT_KNOWN = (
    "this function is not known to be local. Move it behind the streamed network, write it with known functions, or "
    "declare it with wholefield.streaming.operations.register."
)
_REASONS = {
    "adaptive": "it returns positions in the whole image. Use adaptive pooling without return_indices.",
    "max_pool": "it returns positions in the whole image. Use max pooling without return_indices.",
    "multi_head": f"attention over space: {_TO_THE_HEAD}",
    "native_multi_head": f"attention over space: {_TO_THE_HEAD}",
    "fft": f"a Fourier transform: {_TO_THE_HEAD}",
    "grid_sample": "its sampling positions can lie anywhere in the image. Move it to the head.",
    "affine_grid": "its sampling positions can lie anywhere in the image. Move it to the head.",
}
"""Why functions whose name begins so cannot be streamed."""


def register(*names: str) -> Callable[[Rule], Rule]:
    """Declare the rule for functions with these canonical names."""

    def add(rule: Rule) -> Rule:
        for name in names:
            _rules[name] = rule
        return rule

    return add


def local_function(function: type[Function]) -> type[Function]:
    """Declare that an autograd function with a backward of its own treats every position by itself.

    Args:
        function: It reads and returns tensors of the same positions, as a layer norm over channels does. Of functions
            that read neighbors the gradients would be wrong at the borders of tiles.

    Returns:
        The function; also usable as a decorator.

    Example:
        >>> import torch
        >>> from wholefield.streaming.operations import local_function
        >>> @local_function
        ... class Double(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return 2 * x
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         return 2 * grad
    """
    plain = function.apply

    def apply(*args: Any) -> Any:
        tensors = tuple(arg for arg in args if isinstance(arg, Tensor))
        if has_torch_function(tensors):
            return handle_torch_function(apply, tensors, *args)
        return plain(*args)

    def rule(call: Call) -> Local:
        first = call.refs[0]

        def compute(take: Take, _: Sequence[Span]) -> Tensor:
            return call.evaluate(take)

        return Local(tuple(Same(length, length) for length in first.lengths), first.axes, compute)

    apply.__name__ = function.__name__.strip("_")
    register(apply.__name__)(rule)
    function.apply = staticmethod(apply)  # type: ignore[method-assign]
    _declared.add(function)
    return function


def is_declared(function: type[Function]) -> bool:
    """Whether an autograd function was declared as local."""
    return function in _declared


def rule_for(name: str) -> Rule:
    """The rule for a function.

    Raises:
        Refusal: There is none; the text says why.
    """
    if name in _rules:
        return _rules[name]
    raise Refusal(next((reason for start, reason in _REASONS.items() if name.startswith(start)), _NOT_KNOWN))

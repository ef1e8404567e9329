"""Results of the commonest functions on tensors without data, known without asking torch.

torch answers for activations and normalizations in Python, half a millisecond each and after two seconds of imports at
the first: more than all the rest of a trace.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_LIKE_THE_FIRST = frozenset(
    "relu relu6 leaky_relu elu selu celu gelu silu mish sigmoid tanh softplus hardtanh hardswish hardsigmoid".split()
)
_LIKE_BOTH = frozenset(["add", "sub", "mul", "div"])
_PER_CHANNEL = "batch_norm"


def result_of(name: str, args: Sequence[Any], named: dict[str, Any]) -> Tensor | None:
    """A tensor like the result of a call.

    Args:
        name: Canonical name of the function.
        args: Its positional arguments, tensors without data among them.
        named: Its named arguments.

    Returns:
        A new tensor without data; None if torch must be asked, also for the error where arguments do not fit.
    """
    values = (*args, *named.values())
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not tensors or tensors[0] is not args[0] or not tensors[0].dtype.is_floating_point:
        return None
    first, others = tensors[0], tensors[1:]
    if name in _LIKE_THE_FIRST:
        known = not others
    elif name in _LIKE_BOTH:
        numbers = [value for value in values if not isinstance(value, Tensor)]
        alike = all(other.shape == first.shape and other.dtype == first.dtype for other in others)
        known = alike and all(isinstance(number, int | float) for number in numbers)
    elif name == _PER_CHANNEL:
        known = first.ndim > 1 and all(other.shape == first.shape[1:2] for other in others)
    else:
        known = False
    if not known:
        return None
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return torch.empty_like(first).requires_grad_(learns)

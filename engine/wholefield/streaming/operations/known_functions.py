"""Autograd functions of published networks that are known to treat every position by itself."""

import sys
from types import CodeType

from torch import nn
from torch.autograd import Function

from wholefield.streaming.operations.registry import is_declared, local_function

# The layer norm over channels of NAFNet (Chen et al., "Simple baselines for image restoration", ECCV 2022), of which
# many repositories have a copy: what its forward calls, in order, and the dimensions and powers in it.
LAYER_NORM = "LayerNormFunction"
CALLS = ("eps", "size", "mean", "pow", "sqrt", "save_for_backward", "view")
NUMBERS = {1, 2}


def declare_known(network: nn.Module) -> None:
    """Declare the functions of a network that are known as local."""
    for name in {type(module).__module__ for module in network.modules()}:
        function = getattr(sys.modules.get(name), LAYER_NORM, None)
        if (
            isinstance(function, type)
            and issubclass(function, Function)
            and not is_declared(function)
            and _is_layer_norm(getattr(function.forward, "__code__", None))
        ):
            local_function(function)


def _is_layer_norm(code: CodeType | None) -> bool:
    if code is None:
        return False
    numbers = {each for each in code.co_consts if isinstance(each, int) and not isinstance(each, bool)}
    return code.co_names == CALLS and numbers == NUMBERS

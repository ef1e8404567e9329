"""Which rule turns a traced call into a local operation."""

from collections.abc import Callable
from typing import TypeAlias

from wholefield.streaming.operations.call import Call, Local


class Refusal(Exception):
    """A call that cannot be streamed; the text is the reason and the way out."""


Rule: TypeAlias = Callable[[Call], Local]

_rules: dict[str, Rule] = {}

_GLOBAL = "it mixes the whole image, so no tile can be computed by itself."
_TO_THE_HEAD = f"{_GLOBAL} Move it to the head, behind the streamed network."
_NOT_KNOWN = (
    "this function is not known to be local. Move it behind the streamed network, write it with known functions, or "
    "declare it with wholefield.streaming.operations.register."
)
_REASONS = {
    "adaptive": f"global pooling: {_TO_THE_HEAD} Replace a squeeze-excite block by one without the gate.",
    "max_pool": "it returns positions in the whole image. Use max pooling without return_indices.",
    "group_norm": f"group norm takes its statistics over space: {_GLOBAL} "
    "Use a layer norm over channels or a frozen batch norm.",
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


def rule_for(name: str) -> Rule:
    """The rule for a function.

    Raises:
        Refusal: There is none; the text says why.
    """
    if name in _rules:
        return _rules[name]
    raise Refusal(next((reason for start, reason in _REASONS.items() if name.startswith(start)), _NOT_KNOWN))

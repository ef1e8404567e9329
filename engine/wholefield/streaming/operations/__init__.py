"""The local operations that can be streamed, one family a file, and the reasons for which others cannot."""

from wholefield.streaming.operations import (  # noqa: F401  (importing a family registers its rules)
    border,
    channels,
    convolution,
    pointwise,
    pooling,
    products,
    resize,
    shuffle,
    unfold,
    whole_image_norms,
)
from wholefield.streaming.operations.call import Call
from wholefield.streaming.operations.composite import compose, composite_for
from wholefield.streaming.operations.folded import local_for
from wholefield.streaming.operations.reduced import reduced_for
from wholefield.streaming.operations.registry import Refusal, local_function, register, rule_for

__all__ = [
    "Call",
    "Refusal",
    "compose",
    "composite_for",
    "local_for",
    "local_function",
    "reduced_for",
    "register",
    "rule_for",
]

"""The options with which the ready-made streaming models are built."""

from collections.abc import Callable, Mapping
from typing import Any

from wholefield.compat.lightstream.pixels import IMAGENET_MEAN, IMAGENET_STD
from wholefield.streaming.errors import StreamingError


def streaming_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The usual options of networks trained on ImageNet, but for those that are given."""
    usual = {
        "verbose": True,
        "copy_to_gpu": False,
        "statistics_on_cpu": True,
        "normalize_on_gpu": True,
        "mean": list(IMAGENET_MEAN),
        "std": list(IMAGENET_STD),
    }
    return {**usual, **given}


def chosen(choices: Mapping[str, Callable[..., Any]], name: str) -> Callable[..., Any]:
    """A builder by name.

    Raises:
        StreamingError: There is none.
    """
    if name not in choices:
        raise StreamingError(f"There is no streaming model {name!r}; choose one of {', '.join(choices)}.")
    return choices[name]

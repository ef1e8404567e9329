"""What the ready-made streaming models have in common: their two forms, their options and their choices."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from wholefield.compat.lightstream.core.pixels import IMAGENET_MEAN, IMAGENET_STD
from wholefield.streaming.errors import StreamingError

RELEASED = (
    "verbose",
    "deterministic",
    "saliency",
    "copy_to_gpu",
    "statistics_on_cpu",
    "normalize_on_gpu",
    "mean",
    "std",
    "tile_cache_path",
)
"""Parameters of the released form behind those of its own of each model, in their order."""


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
    return {**usual, **{name: value for name, value in given.items() if value is not None}}


def by_name(
    values: Sequence[Any],
    options: Mapping[str, Any],
    documented: Sequence[str],
    released: Sequence[str],
) -> dict[str, Any]:
    """The arguments of a model by name, whichever of its two forms they are in.

    The documented form has a loss_fn where the released one has additional_modules.

    Args:
        values: What was given by position behind the tile size.
        options: What was given by name.
        documented: The parameters of the documented form, loss_fn first.
        released: Those of the released form.

    Raises:
        TypeError: There are too many, or one is given twice.
    """
    is_documented = "loss_fn" in options or (bool(values) and _is_loss(values[0]))
    names = documented if is_documented else (*released, *RELEASED)
    if len(values) > len(names):
        raise TypeError(f"at most {len(names) + 2} positional arguments are taken; give further ones by name")
    given = dict(zip(names, values, strict=False))
    twice = given.keys() & options.keys()
    if twice:
        raise TypeError(f"{', '.join(sorted(twice))} is given twice, by position and by name")
    usual = {} if is_documented else {"deterministic": True}
    return usual | given | dict(options)


def chosen(choices: Mapping[str, Callable[..., Any]], name: str) -> Callable[..., Any]:
    """A builder by name, with dashes or underscores.

    Raises:
        StreamingError: There is none.
    """
    plain = name.replace("-", "_")
    if plain not in choices:
        raise StreamingError(f"There is no streaming model {name!r}; choose one of {', '.join(choices)}.")
    return choices[plain]


def with_modules(network: nn.Module, additional: nn.Module | None) -> nn.Module:
    """A network with what is streamed behind it."""
    return network if additional is None else nn.Sequential(network, additional)


def _is_loss(value: Any) -> bool:
    """Whether a value takes (output, target) rather than one tensor."""
    if not callable(value):
        return False
    function = value.forward if isinstance(value, nn.Module) else value
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in positional and parameter.default is inspect.Parameter.empty
    ]
    return len(needed) > 1 or not isinstance(value, nn.Module)

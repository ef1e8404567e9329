"""Automatic mixed precision as a setting that can be noted and put in force again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import torch

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Precision:
    """Whether autocast is on, and to which type.

    Attributes:
        device: Kind of device, such as "cpu".
        enabled: Whether autocast is on there.
        dtype: The lower precision it uses.
    """

    device: str
    enabled: bool
    dtype: torch.dtype

    @staticmethod
    def now(device: torch.device) -> "Precision":
        """What is in force for operations on a device."""
        kind = device.type
        return Precision(kind, torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind))

    def __call__(self) -> torch.autocast:
        """A context that puts it in force."""
        # A weight cast in one tile must not be found again, without its graph, in another.
        return torch.autocast(self.device, dtype=self.dtype, enabled=self.enabled, cache_enabled=False)

    def during(self, function: _Function) -> _Function:
        """The function with this precision in force."""

        @wraps(function)
        def precise(*args: Any, **kwargs: Any) -> Any:
            with self():
                return function(*args, **kwargs)

        return precise  # type: ignore[return-value]

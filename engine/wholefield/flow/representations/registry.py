"""The representations by name, so that a user can add one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import Features
from wholefield.flow.representations.visualize import Picture

Represent = Callable[..., Features]
"""function(events, num_tbins, delta_t, height, width, downsampling_factor=..., start_ts=..., **arguments)."""


@dataclass(frozen=True)
class Preprocessor:
    """A way to turn events into features.

    Attributes:
        name: As it stands in settings and feature files.
        function: Makes the features, float32 (T, C, H, W).
        channels: Channels C for given arguments.
        visualize: A picture, uint8 RGB (H, W, 3), of the features of one bin (C, H, W).
        defaults: Arguments beyond those that all have, with their values unless given.
    """

    name: str
    function: Represent
    channels: Callable[[Mapping[str, Any]], int]
    visualize: Callable[[Features], Picture]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The defaults with what is given in their place.

        Raises:
            SettingError: It knows no such argument.
        """
        for name in given:
            if name not in self.defaults:
                known = ", ".join(self.defaults) or "none"
                raise SettingError(f"{self.name} has no argument {name}; it has: {known}.")
        return {**self.defaults, **given}


PREPROCESSORS: dict[str, Preprocessor] = {}


def register(
    name: str,
    function: Represent,
    channels: Callable[[Mapping[str, Any]], int],
    visualize: Callable[[Features], Picture],
    **defaults: Any,
) -> Preprocessor:
    """Add a representation under a name of its own.

    Raises:
        SettingError: The name is taken.
    """
    if name in PREPROCESSORS:
        raise SettingError(f"There is already a representation named {name}; choose another name.")
    PREPROCESSORS[name] = Preprocessor(name, function, channels, visualize, defaults)
    return PREPROCESSORS[name]


def preprocessor(name: str) -> Preprocessor:
    """The representation of that name.

    Raises:
        SettingError: There is none.
    """
    if name not in PREPROCESSORS:
        raise SettingError(
            f"There is no representation named {name}; choose from {', '.join(PREPROCESSORS)}."
        )
    return PREPROCESSORS[name]

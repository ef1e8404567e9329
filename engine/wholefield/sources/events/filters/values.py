"""The parameters of filters as people write them: times, frequencies, whole numbers, words, points and paths."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wholefield.errors import SettingError
from wholefield.numbers import real_of

UNITS_US = {"": 1.0, "us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6}
SEPARATOR = ":"
LONGEST_US = 1 << 40


class ValueKind(StrEnum):
    """What a parameter is."""

    TIME = "time"
    FREQUENCY = "frequency"
    WHOLE = "whole"
    REAL = "real"
    CHOICE = "choice"
    POINTS = "points"
    PATH = "path"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a filter.

    Attributes:
        label: What a form calls it.
        kind: What it is. Points and paths take all that is left of a text.
        default: Its value where it is not given; None where it must be. Times are whole us.
        choices: The words that it may be, with what a form calls them.
        minimum: The least number.
        maximum: The largest number.
    """

    label: str
    kind: ValueKind
    default: Any = None
    choices: Mapping[str, str] | None = None
    minimum: float = 1
    maximum: float = LONGEST_US

    def parse(self, text: str) -> Any:
        """The value that a text means.

        Raises:
            SettingError: It means none, or one beyond the limits; the text ends a sentence that names the filter.
        """
        match self.kind:
            case ValueKind.CHOICE:
                assert self.choices is not None
                if text not in self.choices:
                    raise SettingError(f"must be one of {', '.join(self.choices)}, not {text!r}")
                return text
            case ValueKind.POINTS:
                return _points(text)
            case ValueKind.PATH:
                return text
        return self._number(text)

    def text(self, value: Any) -> str:
        """A value as it is written."""
        match self.kind:
            case ValueKind.TIME:
                return next(
                    f"{value / UNITS_US[unit]:.0f}{unit}"
                    for unit in ("s", "ms", "us")
                    if value % UNITS_US[unit] == 0
                )
            case ValueKind.FREQUENCY:
                return f"{value:g}Hz"
            case ValueKind.REAL:
                return f"{value:g}"
            case ValueKind.POINTS:
                return SEPARATOR.join(f"{number:g}" for number in value)
        return str(value)

    def _number(self, text: str) -> Any:
        found = re.fullmatch(r"(.*?)\s*(us|µs|ms|s|hz|khz)?", text.strip(), re.IGNORECASE)
        assert found is not None
        number, unit = found[1], (found[2] or "").lower()
        scales = {
            ValueKind.TIME: UNITS_US, ValueKind.FREQUENCY: {"": 1.0, "hz": 1.0, "khz": 1e3},
        }.get(self.kind, {"": 1.0})  # fmt: skip
        if unit not in scales:
            raise SettingError(f"is {text!r}, whose unit does not fit; write {self._example()}")
        try:
            value = real_of(number) * scales[unit]
        except SettingError:
            raise
        except ValueError:
            raise SettingError(f"is {text!r} but must be a number such as {self._example()}") from None
        if self.kind in (ValueKind.TIME, ValueKind.WHOLE):
            if abs(value - round(value)) > 1e-6:
                whole = "whole microseconds" if self.kind is ValueKind.TIME else "a whole number"
                raise SettingError(f"is {text!r} but must be {whole}, such as {self._example()}")
            value = round(value)
        if not self.minimum <= value <= self.maximum:
            raise SettingError(
                f"is {text!r} but must be from {self.text(self.minimum)} to {self.text(self.maximum)}"
            )
        return value

    def _example(self) -> str:
        return self.text(self.default if self.default is not None else max(self.minimum, 100))


def _points(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(real_of(each) for each in text.split(SEPARATOR))
    except SettingError:
        raise
    except ValueError:
        numbers = ()
    if len(numbers) < 4 or len(numbers) % 2:
        raise SettingError(
            f"is {text!r} but must be left:top:right:bottom of a box, or x:y:x:y:x:y… of a polygon, in px"
        )
    return numbers


def parse_values(parameters: Sequence[Parameter], text: str | None) -> tuple[Any, ...]:
    """The values of all parameters from what stands behind the name of a filter.

    Raises:
        SettingError: One is missing, or too much is given; the text ends a sentence that names the filter.
    """
    rest = text
    values = []
    for parameter in parameters:
        if rest is None:
            if parameter.default is None:
                raise SettingError(f"needs its {parameter.label.lower()}")
            values.append(parameter.default)
            continue
        whole = parameter.kind in (ValueKind.POINTS, ValueKind.PATH)
        one, separator, more = (rest, "", "") if whole else rest.partition(SEPARATOR)
        values.append(parameter.parse(one.strip()))
        rest = more if separator else None
    if rest is not None:
        raise SettingError(f"takes no {rest!r}" if parameters else f"takes no value, not even {rest!r}")
    return tuple(values)


def text_of(parameters: Sequence[Parameter], values: Sequence[Any]) -> str:
    """Values as they are written, without those at the end that are as by default."""
    pairs = list(zip(parameters, values, strict=True))
    while (
        pairs and pairs[-1][0].default is not None and pairs[-1][0].default == pairs[-1][1] and len(pairs) > 1
    ):
        pairs.pop()
    return SEPARATOR.join(parameter.text(value) for parameter, value in pairs)

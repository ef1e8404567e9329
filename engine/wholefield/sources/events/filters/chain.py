"""A chain of filters as one text, such as `hot=10, refractory=1ms, background=10ms:2`, and as it runs over blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.sources.events.filters.kinds import KINDS, FilterKind, Size, Step
from wholefield.sources.events.filters.values import parse_values, text_of
from wholefield.sources.events.recording import EVENT_DTYPE, Events, words_of

QUOTE = '"'


@dataclass(frozen=True)
class EventFilter:
    """A filter with its values.

    Attributes:
        name: Which, a key of `KINDS`.
        values: One for each of its parameters.
        enabled: Whether it does anything; texts hold only those that do.
    """

    name: str
    values: tuple[Any, ...]
    enabled: bool = True

    @property
    def kind(self) -> FilterKind:
        """What is known of it."""
        return KINDS[self.name]

    @property
    def changes(self) -> bool:
        """Whether it makes other events of those that it keeps."""
        return self.kind.moves or "invert" in self.values

    @property
    def text(self) -> str:
        """It as a step of a setting."""
        values = text_of(self.kind.parameters, self.values)
        return f'{self.name}="{values}"' if set(values) & set(', "') else f"{self.name}={values}"

    @classmethod
    def parse(cls, text: str) -> EventFilter:
        """A step of a setting.

        Raises:
            SettingError: There is no such filter, or its values do not fit.
        """
        name, separator, values = (part.strip() for part in text.partition("="))
        if name not in KINDS:
            raise SettingError(f"There is no filter {name!r}; choose from {', '.join(KINDS)}.")
        try:
            found = cls(
                name, parse_values(KINDS[name].parameters, values.strip(QUOTE) if separator else None)
            )
        except SettingError as error:
            raise SettingError(f"The filter {name} {_sentence(error)}") from None
        if name == "antiflicker" and found.values[0] >= found.values[1]:
            raise SettingError(
                "The filter antiflicker must go from a lower to a higher frequency, such as 90Hz:130Hz."
            )
        return found

    @classmethod
    def default(cls, name: str) -> EventFilter:
        """A filter with the default values; only for those that need no value."""
        return cls(name, tuple(parameter.default for parameter in KINDS[name].parameters))

    def start(self, size: Size, measured: npt.NDArray[np.bool_] | None = None) -> Step:
        """Its step over a sensor of (width, height) px.

        Raises:
            SettingError: Its values do not fit the sensor.
            SourceError: A file that it names cannot be read.
        """
        try:
            return self.kind.start(self.values, size, measured)
        except SettingError as error:
            raise SettingError(f"The filter {self.name} {_sentence(error)}") from None

    def size(self, size: Size) -> Size:
        """The size of the sensor behind it."""
        return size if self.kind.size is None else self.kind.size(self.values, size)


@dataclass(frozen=True)
class FilterChain:
    """Filters, one after the other.

    Attributes:
        filters: In the order in which events meet them.

    Example:
        >>> from wholefield.sources.events.filters.chain import FilterChain
        >>> FilterChain.parse("refractory=1000, background=0.01s:2").text
        'refractory=1ms, background=10ms:2'
    """

    filters: tuple[EventFilter, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> FilterChain:
        """The chain that a setting means: steps `name=value:value` with commas between; none for no text.

        Raises:
            SettingError: A step cannot be read; the sentence says why and how it is written.
        """
        return cls(tuple(EventFilter.parse(step) for step in _steps(text or "")))

    @property
    def active(self) -> tuple[EventFilter, ...]:
        """Those that are enabled."""
        return tuple(each for each in self.filters if each.enabled)

    @property
    def text(self) -> str:
        """The enabled filters as a setting."""
        return ", ".join(each.text for each in self.active)

    @property
    def moves(self) -> bool:
        """Whether events end at other pixels than in the file, so that labels no longer fit them."""
        return any(each.kind.moves for each in self.active)

    def __bool__(self) -> bool:
        return bool(self.active)

    def size(self, size: Size) -> Size:
        """The size (width, height) of the sensor behind all filters."""
        for each in self.active:
            size = each.size(size)
        return size

    def before(self, number: int) -> FilterChain:
        """The enabled filters before the one of that number among them."""
        return replace(self, filters=self.active[:number])

    def start(self, size: Size, measured: dict[int, npt.NDArray[np.bool_]] | None = None) -> RunningChain:
        """Start over a recording of a sensor of (width, height) px.

        Args:
            size: The sensor of the recording.
            measured: The pixels of filters that must be measured first, by their number among the enabled ones.

        Raises:
            SettingError: A filter does not fit the sensor.
            SourceError: A file that a filter names cannot be read.
        """
        steps = []
        for number, each in enumerate(self.active):
            steps.append(each.start(size, (measured or {}).get(number)))
            size = each.size(size)
        return RunningChain(steps)


class RunningChain:
    """A chain that has started: blocks go through it in order of time.

    Attributes:
        counts: Events that came in, and that were left behind each filter.
    """

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps
        self.counts = np.zeros(len(steps) + 1, np.int64)

    def run(self, events: Events) -> tuple[Events, npt.NDArray[np.bool_]]:
        """Filter a block.

        Args:
            events: Events (`EVENT_DTYPE`), ascending in time, that follow those of the block before.

        Returns:
            What is left of them, where the filters have put it; and which of `events` that is, (N,).
        """
        pairs = words_of(events)
        alive = np.ones(len(pairs), np.uint8)
        self.counts[0] += len(pairs)
        for number, step in enumerate(self._steps, 1):
            step(pairs, alive)
            self.counts[number] += int(np.count_nonzero(alive))
        return pairs.take(np.flatnonzero(alive), 0).view(EVENT_DTYPE)[:, 0], alive.view(np.bool_)


def check_filters(text: str | None) -> None:
    """Check the form of a setting; whether it fits a sensor is told when the recording is opened.

    Raises:
        SettingError: It cannot be read.
    """
    FilterChain.parse(text)


def _steps(text: str) -> list[str]:
    """The parts between commas that stand outside quotes."""
    parts, quoted = [""], False
    for character in text:
        quoted ^= character == QUOTE
        if character == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    if quoted:
        raise SettingError(f"The filters {text!r} open a quote {QUOTE} that they do not close.")
    return [part.strip() for part in parts if part.strip()]


def _sentence(error: SettingError) -> str:
    return f"{str(error).rstrip('.')}."

"""How the channels of what is open are shown: contrast, color and visibility; one model for slides and stacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.sources.slides.display import WHITE, ChannelDisplay
from wholefield_app.viewer.levels import Levels, ValueFacts

GAMMAS = (0.05, 20.0)


class Channels(QObject):
    """Holds the channels, and which of them the next change is for.

    Attributes:
        settings: How each channel is shown.
        facts: What is known of the values of each; empty while that is not known.
        selected: The channels that a change is for; the first one is the one whose values are shown.
        alone: Whether the first selected channel is shown by itself, in white.

    Signals:
        changed: Something else is shown, selected or known.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings: tuple[ChannelDisplay, ...] = ()
        self.facts: tuple[ValueFacts, ...] = ()
        self.selected: tuple[int, ...] = ()
        self.alone = False
        self._first: tuple[ChannelDisplay, ...] = ()

    def begin(
        self,
        settings: Sequence[ChannelDisplay],
        facts: Sequence[ValueFacts] = (),
        *,
        selected: Sequence[int] = (0,),
        alone: bool = False,
    ) -> None:
        """Show something else, in the way that its file or its values suggest; nothing for no settings."""
        self.settings = self._first = tuple(settings)
        self.facts = tuple(facts)
        self.selected, self.alone = tuple(selected) if settings else (), alone
        self.changed.emit()

    def set_facts(self, facts: Sequence[ValueFacts]) -> None:
        """Tell what is known of the values of each channel."""
        self.facts = tuple(facts)
        self.changed.emit()

    @property
    def current(self) -> int:
        """The channel whose values are shown."""
        return self.selected[0] if self.selected else 0

    @property
    def shown(self) -> tuple[ChannelDisplay, ...]:
        """What to paint."""
        if not self.alone:
            return self.settings
        return tuple(
            replace(each, visible=index == self.current, color=WHITE)
            for index, each in enumerate(self.settings)
        )

    @property
    def untouched(self) -> bool:
        """Whether everything is shown as the file or its values suggest."""
        return self.settings == self._first

    @property
    def levels(self) -> Levels | None:
        """The levels of the channel whose values are shown; None without channels."""
        if not self.settings:
            return None
        return Levels(self.settings[self.current].low, self.settings[self.current].high)

    @property
    def current_facts(self) -> ValueFacts | None:
        """What is known of the values of that channel."""
        return self.facts[self.current] if self.facts else None

    def select(self, indices: Sequence[int]) -> None:
        """Change these channels from now on."""
        if indices and tuple(indices) != self.selected:
            self.selected = tuple(indices)
            self.changed.emit()

    @Slot(bool)
    def set_alone(self, alone: bool) -> None:
        """Show the first selected channel by itself in white, or all that are visible."""
        if alone != self.alone:
            self.alone = alone
            self.changed.emit()

    def set_visible(self, visible: bool, indices: Sequence[int]) -> None:
        """Show or hide channels."""
        self._change(indices, visible=visible)

    def set_levels(self, levels: Levels) -> None:
        """Show other values of the selected channels as black and full color."""
        self._change(self.selected, low=levels.low, high=levels.high)

    def set_gamma(self, gamma: float) -> None:
        """Bend the way of the selected channels from black to full color."""
        self._change(self.selected, gamma=min(max(gamma, GAMMAS[0]), GAMMAS[1]))

    def set_inverted(self, inverted: bool) -> None:
        """Show low values of the selected channels in full color."""
        self._change(self.selected, inverted=inverted)

    def set_color(self, color: tuple[int, int, int]) -> None:
        """Give the selected channels a color; one with a table of colors gives it up."""
        self._change(self.selected, color=color, palette=None)

    @Slot()
    def take_automatic(self) -> None:
        """Show all but the rarest values of each selected channel."""
        self._fit([facts.automatic for facts in self.facts])

    @Slot()
    def take_full(self) -> None:
        """Show every value of each selected channel."""
        self._fit([facts.full for facts in self.facts])

    @Slot()
    def reset(self) -> None:
        """Show all channels as at first."""
        self._put(self._first)

    def restore(self, settings: Sequence[ChannelDisplay]) -> None:
        """Show the channels as they once were; channels are known by their names, those not known stay."""
        if [each.name for each in settings] == [each.name for each in self.settings]:
            self._put(tuple(settings))
            return
        known = {each.name: each for each in settings}
        self._put(tuple(known.get(each.name, each) for each in self.settings))

    def _fit(self, levels: Sequence[Levels]) -> None:
        if levels:
            fitted = list(self.settings)
            for index in self.selected:
                fitted[index] = replace(fitted[index], low=levels[index].low, high=levels[index].high)
            self._put(tuple(fitted))

    def _change(self, indices: Sequence[int], **values: Any) -> None:
        chosen = set(indices)
        self._put(
            tuple(replace(each, **values) if i in chosen else each for i, each in enumerate(self.settings))
        )

    def _put(self, settings: tuple[ChannelDisplay, ...]) -> None:
        if settings != self.settings:
            self.settings = settings
            self.changed.emit()


def to_json(settings: Sequence[ChannelDisplay]) -> list[dict[str, Any]]:
    """Channels as JSON values."""
    return [asdict(each) for each in settings]


def from_json(values: Any) -> tuple[ChannelDisplay, ...]:
    """Channels from JSON values; what is damaged is left out."""
    found = [_channel(value) for value in values] if isinstance(values, list) else []
    return tuple(each for each in found if each is not None)


def _channel(value: Any) -> ChannelDisplay | None:
    try:
        given = {each.name: value[each.name] for each in fields(ChannelDisplay) if each.name in value}
        given["color"] = _color(given["color"])
        if given.get("palette") is not None:
            given["palette"] = tuple(_color(color) for color in given["palette"])
        made = ChannelDisplay(**given)
        wrong = not (float(made.low) < float(made.high) and GAMMAS[0] <= float(made.gamma) <= GAMMAS[1])
        return None if wrong or not isinstance(made.name, str) else made
    except (TypeError, ValueError, KeyError):
        return None


def _color(value: Any) -> tuple[int, int, int]:
    red, green, blue = (min(max(int(each), 0), 255) for each in value)
    return red, green, blue

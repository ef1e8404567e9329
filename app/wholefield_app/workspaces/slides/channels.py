"""The channels of the open slide: they are shown, and described off the GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield.sources.slides.display import RGB_CHANNELS, ChannelDisplay, default_display
from wholefield_app.background import Task
from wholefield_app.channels.memory import RememberedChannels
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.viewer.levels import ValueFacts, describe_values
from wholefield_app.viewer.slides.view import SlideView

if TYPE_CHECKING:
    from wholefield.sources import ImageSource


class SlideChannels(RememberedChannels):
    """Keeps the view up to date with the channels of the open slide."""

    def __init__(self, services: Services, view: SlideView, parent: QObject) -> None:
        super().__init__(services.settings, parent)
        self._services, self._view = services, view
        self._source: ImageSource | None = None
        self._task: Task | None = None
        self._described = self._in_sight = False
        self.channels.changed.connect(self._show)

    def look_at(self, source: ImageSource | None) -> None:
        """Show the channels of another slide, or of none."""
        if self._task is not None:
            self._task.cancel()
        self.end()
        self._task, self._source, self._described = None, source, False
        if source is not None and source.is_rgb:
            # A color picture needs no look at its values before it is shown.
            self.begin(str(source.path.absolute()), RGB_CHANNELS, selected=range(3))
        self._describe()

    def set_in_sight(self, seen: bool) -> None:
        """The histograms are in sight, or not any more: those of a color picture are not made before."""
        self._in_sight = seen
        self._describe()

    def _describe(self) -> None:
        source = self._source
        if source is None or self._described or not (self._in_sight or not source.is_rgb):
            return
        self._described = True
        self._task = self._services.background.run(describe, source, then=self._take, failed=self._give_up)

    def _take(self, found: tuple[tuple[ChannelDisplay, ...], tuple[ValueFacts, ...]]) -> None:
        settings, facts = found
        if self.channels.settings:
            self.channels.set_facts(facts)
        elif self._source is not None:
            self.begin(str(self._source.path.absolute()), settings, facts)

    def _give_up(self, problem: Problem) -> None:
        """The view meets the same damage, and tells of it."""

    @Slot()
    def _show(self) -> None:
        if self.channels.settings:
            plain = self.channels.untouched and not self.channels.alone
            self._view.set_channels(None if plain else self.channels.shown)


def describe(source: ImageSource) -> tuple[tuple[ChannelDisplay, ...], tuple[ValueFacts, ...]]:
    """How the channels of a slide are shown at first, and what their values are; called in a worker thread."""
    overview = source.overview()
    facts = tuple(describe_values(overview[..., index]) for index in range(source.channels))
    return default_display(source) or RGB_CHANNELS, facts

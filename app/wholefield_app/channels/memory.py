"""What is remembered of channels between starts: how each file was shown last, and presets by name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Slot

from wholefield.sources.slides.display import ChannelDisplay
from wholefield_app.channels.channels import Channels, from_json, to_json
from wholefield_app.settings import Settings
from wholefield_app.viewer.levels import ValueFacts

PRESETS, FILES = "channels/presets", "channels/files"
MOST_FILES = 100
# Changes are remembered once no further one has followed for so long.
SAVE_MS = 500


class ChannelMemory:
    """Keeps settings of channels in the settings of the application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def presets(self) -> dict[str, tuple[ChannelDisplay, ...]]:
        """The presets, in the order in which they were saved."""
        stored = self._settings.json(PRESETS) or {}
        read = {name: from_json(values) for name, values in stored.items()}
        return {name: settings for name, settings in read.items() if settings}

    def save_preset(self, name: str, settings: Sequence[ChannelDisplay]) -> None:
        """Keep settings under a name, in place of those that had it."""
        self._settings.set_json(PRESETS, (self._settings.json(PRESETS) or {}) | {name: to_json(settings)})

    def delete_preset(self, name: str) -> None:
        """Forget a preset."""
        stored = self._settings.json(PRESETS) or {}
        self._settings.set_json(PRESETS, {each: values for each, values in stored.items() if each != name})

    def of_file(self, name: str) -> tuple[ChannelDisplay, ...]:
        """How the file of this name was shown last; empty where it was never changed."""
        return from_json((self._settings.json(FILES) or {}).get(name))

    def keep(self, name: str, settings: Sequence[ChannelDisplay] | None) -> None:
        """Remember how a file is shown; None for as at first, which need not be remembered."""
        stored = self._settings.json(FILES) or {}
        others = {each: values for each, values in stored.items() if each != name}
        if settings is not None:
            others = dict(list(others.items())[-(MOST_FILES - 1) :]) | {name: to_json(settings)}
        if others != stored:
            self._settings.set_json(FILES, others)


class RememberedChannels(QObject):
    """Channels that are shown again as they were left.

    Attributes:
        channels: The channels.
        memory: Where they are remembered.
    """

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self.channels = Channels(self)
        self.memory = ChannelMemory(settings)
        self._name = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save)
        self.channels.changed.connect(self._timer.start)

    def begin(
        self,
        name: str,
        settings: Sequence[ChannelDisplay],
        facts: Sequence[ValueFacts] = (),
        *,
        selected: Sequence[int] = (0,),
        alone: bool = False,
    ) -> None:
        """Show the file of this name as it was left, or as its `settings` suggest; see `Channels.begin`."""
        # What was shown before is not emptied first: who shows it would lose its place.
        self.save()
        self._name = name
        self.channels.begin(settings, facts, selected=selected, alone=alone)
        if remembered := self.memory.of_file(name):
            self.channels.restore(remembered)

    def end(self) -> None:
        """Show nothing any more."""
        self.save()
        self._name = ""
        self.channels.begin(())

    @Slot()
    def save(self) -> None:
        """Remember now how the file is shown."""
        self._timer.stop()
        if self._name and self.channels.settings:
            self.memory.keep(self._name, None if self.channels.untouched else self.channels.settings)

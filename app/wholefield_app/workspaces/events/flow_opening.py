"""Opens the flow over a recording: of a file, of a network, and by itself what needs no training."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.flow_field import FlowProvider
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.shipped import CONTRAST, shipped_model
from wholefield_app.viewer.events.style import FlowMode
from wholefield_app.workspaces.events.flow_dialog import ask_for_flow
from wholefield_app.workspaces.events.opening import close_provider

if TYPE_CHECKING:
    from wholefield_app.workspaces.events.workspace import EventsWorkspace


class FlowOpening(QObject):
    """Opens flow and lays it over the open recording.

    Attributes:
        next: A recording that is about to be opened, and the file with its flow.
    """

    def __init__(self, space: EventsWorkspace) -> None:
        super().__init__(space)
        self._space = space
        self.next: tuple[Path, Path] | None = None

    def show(self, provider: FlowProvider | None) -> None:
        """Take the flow over the open recording from here; it is shown as arrows unless it is shown already."""
        view = self._space.view
        style = view.style_of_frames
        if provider is not None and style.flow is FlowMode.NONE:
            view.set_style(replace(style, flow=FlowMode.ARROWS))
        view.flow.set_provider(provider)

    @Slot(object)
    def open(self, source: FlowSource) -> None:
        """Show the flow of a file or a network."""
        services = self._space.services
        if (recording := self._space.filtering.recording) is not None:
            services.background.run(
                source.open, recording,
                then=partial(self._take, recording), failed=services.report, dropped=close_provider,
            )  # fmt: skip

    def close(self) -> None:
        """Show no flow."""
        self.show(None)

    def ask(self) -> None:
        """Let the user choose a file with flow for the open recording."""
        if (recording := self._space.document.path) is None:
            return
        if (source := ask_for_flow(self._space.central, recording)) is not None:
            self.open(source)

    def open_first(self) -> None:
        """The exact flow over the demo recording, and over any other what needs no training."""
        path, pair = self._space.document.path, self.next
        if path is None:
            return
        self.next = None
        labels = pair[1] if pair is not None and path == pair[0] else None
        self.open(FlowSource(labels or shipped_model(CONTRAST)))

    def _take(self, recording: Recording, provider: FlowProvider) -> None:
        if recording is self._space.filtering.recording:
            self.show(provider)
        else:
            provider.close()

"""What the actions of the events workspace do: dialogs, flow files, and the command lines that do the same."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.flow_field import FlowProvider
from wholefield.tasks.events.provider import FlowSource, needs_span
from wholefield_app.document.commands import info_command
from wholefield_app.panels.properties import Properties
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.workspaces.events.asking import (
    ask_for_flow,
    ask_for_picture,
    ask_for_recording,
    ask_for_span_us,
)
from wholefield_app.workspaces.events.properties import describe_recording

if TYPE_CHECKING:
    from wholefield_app.workspaces.events.workspace import EventsWorkspace


class Handlers(QObject):
    """Carries out what the user asks of a workspace; what cannot be done is said in the banner."""

    def __init__(self, space: "EventsWorkspace", services: Services) -> None:
        super().__init__(space)
        self._space = space
        self._services = services

    def ask_for_recording(self) -> None:
        """Let the user choose a recording."""
        path = ask_for_recording(self._space.central, self._services.settings.last_folder)
        if path is not None:
            self._space.path_chosen.emit(path)

    def ask_for_flow(self) -> None:
        """Let the user choose a file with flow for the open recording."""
        if (recording := self._space.desk.recording) is None:
            return
        path = ask_for_flow(self._space.central, recording.path.parent)
        if path is None:
            return
        source = FlowSource(path)
        if needs_span(path):
            source = FlowSource(path, ask_for_span_us(self._space.central, path.name))
            if source.span_us is None:
                return
        self.open_flow(source)

    def open_flow(self, source: FlowSource) -> None:
        """Show the flow of a file or a network."""
        if (recording := self._space.desk.recording) is not None:
            self._services.background.run(
                source.open, recording,
                then=partial(self._take_flow, recording), failed=self._services.report, dropped=_close,
            )  # fmt: skip

    def ask_to_save_picture(self) -> None:
        """Let the user choose where the picture of the frame goes, and write it."""
        suggestion = self._services.settings.last_folder / f"{Path(self._space.title).stem}.png"
        path = ask_for_picture(self._space.central, suggestion)
        if path is not None and not self._space.view.grab_view().save(str(path), "PNG"):
            self._services.report(Problem(f"{path} cannot be written; choose another folder or name."))

    def show_properties(self) -> None:
        """Show what is known of the open recording."""
        if (recording := self._space.desk.recording) is not None:
            rows = describe_recording(recording, indexed=recording.indexed)
            rows += [("Warning", warning) for warning in recording.warnings]
            dialog = Properties(recording.name, rows, self._space.central)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.show()

    def info_command(self) -> str | None:
        """The command line that prints what is known of the open recording."""
        recording = self._space.desk.recording
        return info_command(recording.path) if recording is not None else None

    def _take_flow(self, recording: Recording, provider: FlowProvider) -> None:
        if recording is self._space.desk.recording:
            self._space.set_flow(provider)
        else:
            provider.close()


def _close(provider: FlowProvider) -> None:
    provider.close()

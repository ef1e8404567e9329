"""The job of the events workspace, step by step: open, train, show the flow, judge it, export it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QComboBox

from tests.e2e.light import Light, Wait
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.export import ExportSettings
from wholefield_app.workspaces.events.export_dialog import ExportDialog
from wholefield_resources.demo.events import EventDemo, EventDemoSettings, make_event_demo


class FlowLight(Light):
    """The events workspace."""

    def __init__(self, window: MainWindow, wait: Wait) -> None:
        super().__init__(window, wait, "events")

    def open(self, path: Path) -> None:
        """Open a recording and wait until it is counted and drawn."""
        self.window.open(path)
        self._wait(
            lambda: self.space.title == path.name and self.window.quiet and self.space.view.frame is not None
        )

    def open_demo(self, folder: Path, settings: EventDemoSettings) -> None:
        """Make the demo recording in a folder and wait until it is drawn, its exact flow on offer."""

        def make(progress: Callable[[int, int], None]) -> EventDemo:
            return make_event_demo(folder, progress, settings)

        self.space.demo.make = make
        self.window.registry["events.open_demo"].trigger()
        self._wait(lambda: self.space.view.flow.provider is not None and self.window.quiet)

    def train(self, runs: Path, **settings: object) -> None:
        """Complete the training panel and start."""
        self.space.draft.choose_runs(runs)
        self.space.draft.set(**settings)
        self.start()

    def show_flow(self) -> None:
        """Show the flow of the chosen network, and wait until the frame has it."""
        self._wait(self.window.registry["events.predict"].isEnabled)
        self.window.registry["events.predict"].trigger()
        checkpoint, view = self.checkpoint, self.space.view
        assert checkpoint is not None
        name = f"{checkpoint.parent.name}/{checkpoint.name}"
        self._wait(lambda: view.flow.provider.name == name and self.window.quiet)
        self._wait(lambda: view.frame.request.field is not None)

    def go_to(self, time_us: int) -> None:
        """Put the playhead somewhere and wait for the frame with its flow."""
        view = self.space.view
        view.player.go_to(time_us)
        self._wait(lambda: self.window.quiet and view.frame.request.time_us == time_us)

    def judge(self) -> None:
        """Ask for the score card and wait for it."""
        self.space.prediction_panel.evaluate.click()
        self._wait(lambda: self.space.prediction_panel.table.card is not None)

    def export(self, path: Path, **fields: object) -> ExportSettings:
        """Set up an export in its dialog, beginning with what the window shows, and wait until it is written."""
        self.window.registry["events.export"].trigger()
        (dialog,) = self.space.central.findChildren(ExportDialog)
        for name, value in fields.items():
            field = getattr(dialog, name)
            if isinstance(field, QComboBox):
                field.setCurrentIndex(field.findData(value))
            else:
                field.setValue(value)
        export = dialog.settings(path)
        dialog.wanted.emit(export)
        dialog.accept()
        self._wait(lambda: not self.space.export.state.active)
        return export

"""The job of the stacks workspace, step by step: open the demo, train, watch the preview, predict, export."""

from collections.abc import Callable
from pathlib import Path

from app.viewer.plane_view import Compare
from app.window.main_window import MainWindow
from app.workspaces.stacks.opening import Role
from engine.runs.reports import PreviewReady, Report
from resources.demo.stack import StackDemo, StackDemoSettings, make_stack_demo

Wait = Callable[[Callable[[], bool]], None]


class StackLight:
    """Drives the window as a user would, through its actions and fields.

    Attributes:
        reports: Everything that the training has told the window.
    """

    def __init__(self, window: MainWindow, wait: Wait) -> None:
        self.window = window
        window.go_to("stacks")
        self.space = window.workspace
        self.reports: list[Report] = []
        self._wait = lambda condition: wait(lambda: self._holds(condition))
        self.space.training.session.reported.connect(self.reports.extend)

    @property
    def previews(self) -> list[PreviewReady]:
        """What the network made of the preview slice, before the first epoch and after each."""
        return [report for report in self.reports if isinstance(report, PreviewReady)]

    def open_demo(self, folder: Path, settings: StackDemoSettings) -> None:
        """Make the demo stack in a folder and wait until it is drawn beside its target."""

        def make(progress: Callable[[int, int], None]) -> StackDemo:
            return make_stack_demo(folder, progress, settings)

        self.space.demo.make = make
        self.window.registry["stacks.open_demo"].trigger()
        self._wait(lambda: Role.TARGET in self.space.desk.stacks and self.window.quiet)

    def train(self, depth: int, epochs: int, crop_size: int) -> None:
        """Complete the training panel and start."""
        fields = self.space.form.fields
        fields.depth.setValue(depth)
        fields.epochs.setValue(epochs)
        fields.crop_size.setValue(crop_size)
        self.space.training_panel.buttons["start"].click()

    def wait_for_previews(self, count: int) -> None:
        """Wait until so many previews came and the newest is drawn."""
        self._wait(lambda: len(self.previews) >= count)
        self._wait(lambda: not self.space.preview_panel.busy and bool(self.space.preview_panel.line.text()))

    def finish(self) -> None:
        """Wait until the training has ended and its model is on offer."""
        self._wait(lambda: not self.space.training.session.state.active)
        self._wait(lambda: self.space.prediction_panel.checkpoint is not None)

    def stop(self) -> None:
        """Stop and keep, and wait until the model is on offer."""
        self.space.training_panel.buttons["stop"].click()
        self.finish()

    def predict(self) -> None:
        """Predict the open stack and wait until the result is shown behind the swipe handle."""
        self._wait(self.window.registry["stacks.predict"].isEnabled)
        self.space.prediction_panel.predict.click()
        self._wait(lambda: Role.PREDICTION in self.space.desk.stacks and self.window.quiet)
        assert self.space.sight.compare is Compare.SWIPE

    def export(self, path: Path) -> None:
        """Export the prediction and wait until it is written."""
        self.space.exporting.start(self.space.handlers.exported(), path)
        self._wait(lambda: not self.space.exporting.session.state.active)

    def _holds(self, condition: Callable[[], bool]) -> bool:
        """Whether the condition holds; a problem in the banner ends the waiting."""
        assert not self.window.banner.isVisible(), self.window.banner.sentence.text()
        return condition()

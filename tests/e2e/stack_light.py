"""The job of the stacks workspace, step by step: open the demo, train, watch the preview, predict, export."""

from collections.abc import Callable
from pathlib import Path

from tests.e2e.light import Light, Wait
from wholefield_app.document.document import Role
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.window.main_window import MainWindow
from wholefield_resources.demo.stack import StackDemo, StackDemoSettings, make_stack_demo


class StackLight(Light):
    """The stacks workspace."""

    def __init__(self, window: MainWindow, wait: Wait) -> None:
        super().__init__(window, wait, "stacks")

    def open_demo(self, folder: Path, settings: StackDemoSettings) -> None:
        """Make the demo stack in a folder and wait until it is drawn beside its target."""

        def make(progress: Callable[[int, int], None]) -> StackDemo:
            return make_stack_demo(folder, progress, settings)

        self.space.demo.make = make
        self.window.registry["stacks.open_demo"].trigger()
        self._wait(lambda: Role.TARGET in self.space.document.things and self.window.quiet)

    def train(self, depth: int, epochs: int, crop_size: int) -> None:
        """Complete the training panel and start."""
        self.space.draft.set(depth=depth, epochs=epochs, crop_size=crop_size)
        self.start()

    def predict(self) -> None:
        """Predict the open stack and wait until the result is shown behind the swipe handle."""
        self._wait(self.window.registry["stacks.predict"].isEnabled)
        self.space.prediction_panel.predict.click()
        self._wait(lambda: Role.PREDICTION in self.space.document.things and self.window.quiet)
        assert self.space.display.compare is Compare.SWIPE

    def export(self, path: Path) -> None:
        """Export the prediction and wait until it is written."""
        self.space.export_to(path)
        self._wait(lambda: not self.space.export.state.active)

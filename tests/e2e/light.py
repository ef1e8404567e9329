"""Driving the window as a user would: what the jobs of all workspaces have in common."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QEventLoop, QTimer

from wholefield.runs.reports import PreviewReady, Report
from wholefield_app.window.main_window import MainWindow

POLL_MS = 10
Wait = Callable[[Callable[[], bool]], None]


class Light:
    """Goes through actions and fields, step by step, and waits after each.

    Attributes:
        window: The window.
        space: The workspace.
        reports: Everything that the training has told the window.
    """

    def __init__(self, window: MainWindow, wait: Wait, workspace: str) -> None:
        self.window = window
        window.go_to(workspace)
        self.space = cast(Any, window.workspace)
        self.reports: list[Report] = []
        self._wait = lambda condition: wait(lambda: self._holds(condition))
        self.space.training.reported.connect(self.reports.extend)

    @property
    def checkpoint(self) -> Path | None:
        """The model that is on offer."""
        return self.space.prediction_panel.checkpoint

    @property
    def previews(self) -> list[PreviewReady]:
        """What the network made of one slice or moment, before the first epoch and after each."""
        return [report for report in self.reports if isinstance(report, PreviewReady)]

    def start(self) -> None:
        """Begin to train."""
        self.space.training_panel.buttons["start"].click()

    def wait_for_previews(self, count: int) -> None:
        """Wait until so many previews came and the newest is drawn."""
        self._wait(lambda: len(self.previews) >= count)
        self._wait(lambda: not self.space.preview_panel.busy and bool(self.space.preview_panel.line.text()))

    def stop(self) -> None:
        """Stop and keep a training that is running, and wait until the model is on offer."""
        if self.space.training.state.active:
            self.space.training_panel.buttons["stop"].click()
            self.finish()

    def finish(self) -> None:
        """Wait until the training has ended and its model is on offer."""
        self._wait(lambda: not self.space.training.state.active)
        self._wait(lambda: self.checkpoint is not None)

    def _holds(self, condition: Callable[[], bool]) -> bool:
        """Whether the condition holds; a problem in the banner ends the waiting."""
        assert not self.window.banner.isVisible(), self.window.banner.sentence.text()
        return condition()


def wait_by_qt(seconds: float) -> Wait:
    """A wait for scripts: lets Qt handle events until the condition holds."""

    def wait(condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            # Asking without a pause would keep the interpreter from the thread of the run.
            loop = QEventLoop()
            QTimer.singleShot(POLL_MS, loop.quit)
            loop.exec()
            if time.monotonic() > give_up:
                raise TimeoutError("the window did not get there")

    return wait

"""What is going on, in one line for the status bar."""

from enum import Enum

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.runs.reports import Report, StepDone
from wholefield_app.runs import RunSession


class Topic(Enum):
    """What can run at the same time, in the order of display. Sessions have titles of topics."""

    TRAINING = "Training"
    PREDICTION = "Prediction"
    SCORE = "Score card"
    EXPORT = "Export"
    DEMO = "Demo project"
    OPENING = "Opening"


class Activity(QObject):
    """Gathers what is running.

    Signals:
        changed: The new line.
    """

    changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._texts: dict[Topic, str] = {}

    @property
    def line(self) -> str:
        """What is running now; empty if nothing is."""
        texts = [self._texts[topic] for topic in Topic if self._texts.get(topic)]
        return "   ".join(texts)

    def say(self, topic: Topic, text: str) -> None:
        """Set what is running; an empty text means nothing."""
        if self._texts.get(topic, "") != text:
            self._texts[topic] = text
            self.changed.emit(self.line)

    def say_state(self, session: RunSession) -> None:
        """Tell the state of a run."""
        text = f"{session.title}: {session.words.lower()}" if session.state.active else ""
        self.say(Topic(session.title), text)

    @Slot(list)
    def say_progress(self, reports: list[Report]) -> None:
        """Tell how far the training is."""
        steps = [report for report in reports if isinstance(report, StepDone)]
        if steps:
            newest = steps[-1]
            self.say(Topic.TRAINING, f"Training: epoch {newest.epoch} of {newest.epochs}")

"""Closes the window in good order: while runs are in progress it asks what becomes of them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QMessageBox, QWidget

from wholefield_app.runs import RunSession, SessionState
from wholefield_app.settings import Settings

EXPLANATION = (
    "“Stop and keep” saves the model of a training as it is now and ends predictions and exports; "
    "“Discard” removes the results of all of them."
)
LEAVING = (
    "“Keep running” closes the window only: the runs go on in processes of their own, and Wholefield shows them "
    "again when it is next started. "
)


class ClosingQuestion(QMessageBox):
    """Asks without blocking the event loop; trainings, predictions and exports continue until there is an answer.

    Signals:
        leave: Close, and let the runs go on; whether that is so from now on without a question.
        stop_and_keep: End the runs, keep the model of a training, then close.
        discard: End the runs, remove their results, then close.
    """

    leave = Signal(bool)
    stop_and_keep = Signal()
    discard = Signal()

    def __init__(self, running: Sequence[str], parent: QWidget, *, can_leave: bool = False) -> None:
        """Ask about what is `running`, one line for each workspace; `can_leave` offers to let it run."""
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("A run is in progress")
        self.setText("A run is still in progress. What would you like to do?")
        explanation = LEAVING + EXPLANATION if can_leave else EXPLANATION
        self.setInformativeText("\n".join((*running, "", explanation)).strip())
        self.leave_button = (
            self.addButton("Keep running", QMessageBox.ButtonRole.AcceptRole) if can_leave else None
        )
        self.keep_button = self.addButton("Stop and keep", QMessageBox.ButtonRole.AcceptRole)
        self.discard_button = self.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        self.cancel_button = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        # Held here: Qt does not keep it.
        self.always_box = QCheckBox("Always keep runs going when the window is closed", self)
        if can_leave:
            self.setCheckBox(self.always_box)
        else:
            self.always_box.hide()
        self.setDefaultButton(self.leave_button or self.keep_button)
        self.setEscapeButton(self.cancel_button)
        self.setModal(True)
        self.buttonClicked.connect(self._answer)

    @Slot(QAbstractButton)
    def _answer(self, button: QAbstractButton) -> None:
        if button is self.leave_button:
            self.leave.emit(self.always_box.isChecked())
        elif button is self.keep_button:
            self.stop_and_keep.emit()
        elif button is self.discard_button:
            self.discard.emit()


class Closable(Protocol):
    """What is asked of a window with runs."""

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        """The runs of all workspaces."""

    @property
    def running(self) -> Sequence[str]:
        """What is in progress, one line for each workspace."""


class Closing(QObject):
    """Decides whether a window may close.

    Args:
        window: Whose runs they are.
        settings: Remembers that runs go on without a question.
        parent: The same window.
    """

    def __init__(self, window: Closable, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._window, self._settings, self._widget = window, settings, parent
        self._closing = False

    def allows(self) -> bool:
        """Whether nothing is in progress that needs the window; asks otherwise, and closes after the answer."""
        sessions = self._window.sessions
        unfinished = [
            each for each in sessions if each.state.active and each.state is not SessionState.DISCARDING
        ]
        if not unfinished:
            return True
        can_leave = all(session.outlives for session in unfinished)
        if can_leave and self._settings.leave_runs:
            self._release()
            return True
        question = ClosingQuestion(self._window.running, self._widget, can_leave=can_leave)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.leave.connect(self._leave)
        question.stop_and_keep.connect(self._stop_and_close)
        question.discard.connect(self._discard_and_close)
        question.open()
        return False

    @Slot()
    def go_on(self) -> None:
        """Close where that was asked for and nothing is in progress any more."""
        if self._closing and not any(session.state.active for session in self._window.sessions):
            self._widget.close()

    @Slot(bool)
    def _leave(self, always: bool) -> None:
        self._settings.leave_runs = always
        self._release()
        self._widget.close()

    def _release(self) -> None:
        for session in self._window.sessions:
            session.release()

    @Slot()
    def _stop_and_close(self) -> None:
        self._end(lambda session: session.stop_and_keep() if session.worth_keeping else session.discard())

    @Slot()
    def _discard_and_close(self) -> None:
        self._end(RunSession.discard)

    def _end(self, end: Callable[[RunSession], None]) -> None:
        self._closing = True
        for session in self._window.sessions:
            end(session)
        self.go_on()

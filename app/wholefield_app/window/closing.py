"""The question asked when the window is closed while a run is in progress."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

EXPLANATION = (
    "“Stop and keep” saves the model of a training as it is now and ends predictions and exports; "
    "“Discard” removes the results of all of them."
)


class ClosingQuestion(QMessageBox):
    """Asks without blocking the event loop; trainings, predictions and exports continue until there is an answer.

    Signals:
        stop_and_keep: End the runs, keep the model of a training, then close.
        discard: End the runs, remove their results, then close.
    """

    stop_and_keep = Signal()
    discard = Signal()

    def __init__(self, running: Sequence[str], parent: QWidget) -> None:
        """Ask about what is `running`, one line for each workspace."""
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("A run is in progress")
        self.setText("A run is still in progress. What would you like to do?")
        self.setInformativeText("\n".join((*running, "", EXPLANATION)).strip())
        self.keep_button = self.addButton("Stop and keep", QMessageBox.ButtonRole.AcceptRole)
        self.discard_button = self.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        self.cancel_button = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.keep_button)
        self.setEscapeButton(self.cancel_button)
        self.setModal(True)
        self.buttonClicked.connect(self._answer)

    @Slot(QAbstractButton)
    def _answer(self, button: QAbstractButton) -> None:
        if button is self.keep_button:
            self.stop_and_keep.emit()
        elif button is self.discard_button:
            self.discard.emit()

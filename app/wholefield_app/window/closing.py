"""The question asked when the window is closed while a run is going on."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget


class ClosingQuestion(QMessageBox):
    """Asks without blocking the event loop; the run goes on until there is an answer.

    Signals:
        stop_and_keep: End the run, keep its model, then close.
        discard: End the run, throw its results away, then close.
    """

    stop_and_keep = Signal()
    discard = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("A run is going on")
        self.setText("A run is still going on. What shall become of it?")
        self.setInformativeText(
            "“Stop and keep” saves the model as it is now; “Discard” removes the results."
        )
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

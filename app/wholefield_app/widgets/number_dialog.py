"""Asking for one number in a small dialog; the field reads it as all fields of the program do."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from wholefield_app.widgets.number_boxes import RealBox, fault_of, tell


class NumberDialog(QDialog):
    """A sentence, a field for a number, and buttons.

    Attributes:
        box: The field.
    """

    def __init__(self, title: str, text: str, box: RealBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.box = box
        label = QLabel(text, wordWrap=True)
        label.setBuddy(box)
        box.setAccessibleName(title)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (label, box, buttons):
            layout.addWidget(widget)
        box.selectAll()

    def accept(self) -> None:
        """Close, unless what stands in the field cannot be taken."""
        if fault_of(self.box, self.box.text()):
            tell(self.box)
            return
        self.box.interpretText()
        super().accept()


def ask_for_number(parent: QWidget | None, title: str, text: str, box: RealBox) -> float | None:
    """The number that the user gives, or None.

    Args:
        parent: The window.
        title: Title of the dialog.
        text: What is asked.
        box: The field, with its limits and the number to begin with.
    """
    dialog = NumberDialog(title, text, box, parent)
    return box.value() if dialog.exec() == QDialog.DialogCode.Accepted else None

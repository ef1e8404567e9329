"""The question which volume of a file to open."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.panels.heading import muted
from app.workspaces.stacks.opening import DatasetChoice, size_text


class DatasetDialog(QDialog):
    """A list of the volumes, the likeliest first and chosen. It does not block the event loop.

    Signals:
        chosen: The DatasetChoice, and the name of the volume that the user took.
    """

    chosen = Signal(object, str)

    def __init__(self, choice: DatasetChoice, parent: QWidget) -> None:
        super().__init__(parent)
        self._choice = choice
        self.setWindowTitle(f"Volumes in {choice.path.name}")
        self.setModal(True)
        self.list = QTreeWidget(rootIsDecorated=False, columnCount=3, uniformRowHeights=True)
        self.list.setHeaderLabels(["Volume", "Slices × rows × columns", "Type"])
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setStretchLastSection(False)
        for column in (1, 2):
            self.list.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for info in choice.datasets:
            self.list.addTopLevelItem(QTreeWidgetItem([info.name, size_text(info.shape), str(info.dtype)]))
        self.list.setCurrentItem(self.list.topLevelItem(0))
        self.list.itemActivated.connect(self.accept)
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Open | kinds.Cancel)
        self.buttons.button(kinds.Open).setProperty("role", "primary")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(muted(f"{choice.path.name} holds several volumes. Which one do you want to open?"))
        layout.addWidget(self.list)
        layout.addWidget(self.buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.accepted.connect(self._tell)
        self.resize(560, 320)

    @Slot()
    def _tell(self) -> None:
        self.chosen.emit(self._choice, self.list.currentItem().text(0))

"""The question which volume of a file to open."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.widgets.heading import muted
from wholefield_app.workspaces.stacks.opening import DatasetChoice, size_text

QUESTION = "{} holds several volumes. Which one do you want to open?"
OF_SCAN = (
    "{} holds the projections of a scan with flat and dark fields. Reconstruct and denoise them with "
    "Noise2Inverse, which needs no clean image, or open one of the volumes as it is."
)
SCAN = "Reconstruct and denoise"


class DatasetDialog(QDialog):
    """A list of the volumes, the likeliest first and chosen. It does not block the event loop.

    The projections of a scan may be reconstructed and denoised instead.

    Signals:
        chosen: The DatasetChoice, and the name of the volume that the user took.
        scan_chosen: The path of a scan that is to be reconstructed.
    """

    chosen = Signal(object, str)
    scan_chosen = Signal(object)

    def __init__(self, choice: DatasetChoice, parent: QWidget) -> None:
        super().__init__(parent)
        self._choice = choice
        self.setWindowTitle(f"Volumes in {choice.path.name}")
        self.setModal(True)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHeaderLabels(["Volume", "Slices × rows × columns", "Type"])
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setStretchLastSection(False)
        for column in (1, 2):
            self.list.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for info in choice.datasets:
            self.list.addTopLevelItem(QTreeWidgetItem([info.name, size_text(info.shape), str(info.dtype)]))
        self.list.setCurrentIndex(self.list.model().index(0, 0))
        self.list.itemActivated.connect(self.accept)
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Open | kinds.Cancel)
        self.scan = QPushButton(SCAN)
        self.scan.clicked.connect(self._take_scan)
        if choice.scan:
            self.buttons.addButton(self.scan, QDialogButtonBox.ButtonRole.ActionRole)
            self.buttons.button(kinds.Open).setText("Open the volume")
        else:
            self.scan.hide()
        best = self.scan if choice.scan else self.buttons.button(kinds.Open)
        best.setProperty("role", "primary")
        best.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        self.question = muted((OF_SCAN if choice.scan else QUESTION).format(choice.path.name))
        layout.addWidget(self.question)
        layout.addWidget(self.list)
        layout.addWidget(self.buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.accepted.connect(self._tell)
        self.resize(560, 320)

    @Slot()
    def _tell(self) -> None:
        if (item := self.list.currentItem()) is not None:
            self.chosen.emit(self._choice, item.text(0))

    @Slot()
    def _take_scan(self) -> None:
        self.scan_chosen.emit(self._choice.path)
        self.reject()

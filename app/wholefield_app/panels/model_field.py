"""A field for a trained model: those of past runs to choose from, or any checkpoint file."""

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QToolButton, QWidget

from wholefield_app.runs.checkpoints import Checkpoint
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme

ABOUT = "The trained model to use"


class ModelField(QWidget):
    """A list of checkpoints and a button that chooses a file.

    Signals:
        changed: Another checkpoint is chosen.
    """

    changed = Signal()

    def __init__(self, file_filter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = file_filter
        self.list = QComboBox(toolTip=ABOUT, accessibleName="Model")
        self.list.setPlaceholderText("No model yet")
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setMinimumContentsLength(12)
        self.list.currentIndexChanged.connect(self.changed)
        self.list.currentTextChanged.connect(self._name)
        self.browse = QToolButton(
            toolTip="Choose a checkpoint file", accessibleName="Choose a checkpoint file"
        )
        self.browse.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.browse)

    @property
    def checkpoint(self) -> Path | None:
        """The chosen checkpoint."""
        return self.list.currentData()

    def set_checkpoints(self, checkpoints: list[Checkpoint]) -> None:
        """Offer these, the first chosen; a file that the user chose stays on offer."""
        own = [(self.list.itemText(row), self.list.itemData(row)) for row in range(self.list.count())]
        known = {item.path for item in checkpoints}
        self.list.clear()
        for item in checkpoints:
            self.list.addItem(item.title, item.path)
        for title, path in own:
            if path not in known and path.is_file() and title == path.name:
                self.list.addItem(title, path)
        self.list.setCurrentIndex(0 if self.list.count() else -1)
        self.changed.emit()

    def choose(self, path: Path) -> None:
        """Put a checkpoint file on offer and choose it."""
        self.list.addItem(path.name, path)
        self.list.setCurrentIndex(self.list.count() - 1)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icon in the colours of `theme`."""
        self.browse.setIcon(icon("folder", theme))

    @Slot(str)
    def _name(self, title: str) -> None:
        """Tell the whole name of the model, for which the field may be too narrow."""
        self.list.setToolTip(title or ABOUT)

    @Slot()
    def _browse(self) -> None:
        start = str(self.checkpoint.parent if self.checkpoint else Path.home())
        name, _ = QFileDialog.getOpenFileName(self, "Choose a checkpoint", start, self._filter)
        if name:
            self.choose(Path(name))

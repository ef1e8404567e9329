"""A field for a trained model: those of past runs to choose from, or any checkpoint file."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QToolButton, QWidget

from wholefield_app.runs.models import TrainedModel
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.elided import ElidedCombo
from wholefield_app.widgets.properties import with_properties

ABOUT = "The trained model to use"


class ModelField(QWidget):
    """A list of trained models and a button that chooses a file.

    Signals:
        changed: Another checkpoint is chosen.
        browsed: The path of a file that the user has just found on the disk.
    """

    changed = Signal()
    browsed = Signal(object)

    def __init__(self, file_filter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = file_filter
        self._files: set[Path] = set()
        self.list = with_properties(ElidedCombo(), toolTip=ABOUT, accessibleName="Model")
        self.list.setPlaceholderText("No model yet")
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setMinimumContentsLength(12)
        self.list.currentIndexChanged.connect(self.changed)
        self.list.currentIndexChanged.connect(self._name)
        self.browse = with_properties(
            QToolButton(), toolTip="Choose a model file", accessibleName="Choose a model file"
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

    def set_models(self, models: list[TrainedModel]) -> None:
        """Offer these; the chosen one stays chosen, and so do files that the user chose stay on offer.

        While nothing is chosen, or what was is gone, the first is.
        """
        before = self.checkpoint
        rows = range(self.list.count())
        own = [
            path
            for path in (self.list.itemData(row) for row in rows)
            if path in self._files and path.is_file()
        ]
        known = {item.path for item in models}
        with QSignalBlocker(self.list):
            self.list.clear()
            for item in models:
                self._offer(item.path, item.title)
            for path in own:
                if path not in known:
                    self._offer(path, path.name)
            kept = self.list.findData(before) if before is not None else -1
            self.list.setCurrentIndex(max(kept, 0) if self.list.count() else -1)
        self._name()
        self.changed.emit()

    def choose(self, path: Path) -> None:
        """Choose a checkpoint file; it is put on offer where it is not yet."""
        if self.list.findData(path) < 0:
            self._files.add(path)
            self._offer(path, path.name)
        self.list.setCurrentIndex(self.list.findData(path))

    def choose_run(self, folder: Path) -> None:
        """Choose the best checkpoint of a run that has ended, or its last; nothing changes where it left none."""
        rows = range(self.list.count())
        found = next((row for row in rows if self.list.itemData(row).parent == folder), -1)
        if found >= 0:
            self.list.setCurrentIndex(found)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icon in the colors of `theme`."""
        self.browse.setIcon(icon("folder", theme))

    def _offer(self, path: Path, title: str) -> None:
        self.list.addItem(title, path)
        self.list.setItemData(self.list.count() - 1, f"{title}\n{path}", Qt.ItemDataRole.ToolTipRole)

    @Slot()
    def _name(self) -> None:
        """Tell the whole name of the model and its path, for which the field may be too narrow."""
        self.list.setToolTip(self.list.currentData(Qt.ItemDataRole.ToolTipRole) or ABOUT)

    @Slot()
    def _browse(self) -> None:
        start = str(self.checkpoint.parent if self.checkpoint else Path.home())
        name, _ = QFileDialog.getOpenFileName(self, "Choose a model", start, self._filter)
        if name:
            self.browsed.emit(Path(name))

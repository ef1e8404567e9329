"""A window with what is known of an open file: names and values, small pictures, and a line for a missing spacing."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.panels.picture_row import PictureRow, Pictures
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import heading, muted
from wholefield_app.widgets.properties import with_properties

PICTURES_HEIGHT = 190
SPACING_HELP = (
    "The file does not say how far its voxels are apart. Type it along z, y and x with its unit, such as "
    "2, 0.5, 0.5 µm; one number holds for all three."
)


class Properties(QDialog):
    """A table of names and values.

    Signals:
        spacing_typed: The spacing that the user has typed, as text.
    """

    spacing_typed = Signal(str)

    def __init__(self, name: str, rows: Iterable[tuple[str, str]], theme: Theme, parent: QWidget) -> None:
        """Show `rows` of the file called `name`."""
        super().__init__(parent)
        self.setWindowTitle(f"Properties of {name}")
        self.table = with_properties(
            QTreeWidget(columnCount=2), rootIsDecorated=False, alternatingRowColors=True
        )
        self.table.setHeaderLabels(["Property", "Value"])
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for title, value in rows:
            row = QTreeWidgetItem([title, value])
            row.setToolTip(1, value)
            self.table.addTopLevelItem(row)
        self.pictures = PictureRow(theme)
        self.pictures.setFixedHeight(PICTURES_HEIGHT)
        self.pictures.hide()
        self.spacing = QLineEdit()
        self.apply = QPushButton("Apply")
        self._spacing_part = self._make_spacing()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.pictures)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._spacing_part)
        self.resize(640, 480)

    def show_pictures(self, pictures: Sequence[tuple[str, QImage]]) -> None:
        """Show the small pictures that come with a file, each with its name."""
        self.pictures.setVisible(bool(pictures))
        if pictures:
            names = ", ".join(name for name, _ in pictures)
            self.pictures.show_pictures(Pictures(tuple(pictures), f"Pictures in the file: {names}"))
            self.resize(self.width(), max(self.height(), 480 + PICTURES_HEIGHT))

    def ask_for_spacing(self, typed: str) -> None:
        """Let the user type the spacing, which the file does not have; begin with what was typed before."""
        self.spacing.setText(typed)
        self._spacing_part.show()

    def _make_spacing(self) -> QWidget:
        part = QWidget()
        self.spacing.setPlaceholderText("2, 0.5, 0.5 µm")
        self.spacing.setAccessibleName("Spacing")
        self.spacing.returnPressed.connect(self._apply)
        self.apply.clicked.connect(self._apply)
        # Return in the line would press it a second time.
        self.apply.setAutoDefault(False)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(heading("Spacing"))
        line.addWidget(self.spacing, 1)
        line.addWidget(self.apply)
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(muted(SPACING_HELP))
        part.hide()
        return part

    @Slot()
    def _apply(self) -> None:
        if text := self.spacing.text().strip():
            self.spacing_typed.emit(text)
            self.accept()

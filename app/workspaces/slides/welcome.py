"""What stands in the middle while nothing is open: what the program is for and what to do first."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.actions import Registry
from app.actions.button import ActionButton
from app.panels.heading import heading, muted
from app.settings import Settings
from app.theme.icons import window_icon

PURPOSE = "Exact deep learning on images of any size, tile by tile."
HINT = "Or drop a slide or a folder of slides anywhere in this window."
WIDTH = 480
RECENT = 5


class Welcome(QWidget):
    """Buttons for the first steps, and what was opened last.

    Signals:
        chosen: Path of a recent file that was clicked.
    """

    chosen = Signal(object)

    def __init__(self, registry: Registry, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings = settings
        self._busy_text = QLabel(alignment=Qt.AlignmentFlag.AlignLeft)
        self._busy_bar = QProgressBar(textVisible=False)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column = QWidget()
        column.setFixedWidth(WIDTH)
        self._fill(QVBoxLayout(column), registry)
        outer = QVBoxLayout(self)
        outer.addWidget(column, alignment=Qt.AlignmentFlag.AlignCenter)
        settings.recent_changed.connect(self.refill)
        self.set_busy("")
        self.refill()

    def set_busy(self, text: str, done: int = 0, total: int = 0) -> None:
        """Show that something is being prepared and how far it is; an empty text ends it."""
        for widget in (self._busy_text, self._busy_bar):
            widget.setVisible(bool(text))
        self._busy_text.setText(text)
        self._busy_bar.setRange(0, total)
        self._busy_bar.setValue(done)

    @Slot()
    def refill(self) -> None:
        """List the recent files."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        paths = self._settings.recent[:RECENT]
        if paths:
            self._recent.addWidget(heading("Recent"))
        for path in paths:
            self._recent.addWidget(self._make_link(path))

    def _fill(self, layout: QVBoxLayout, registry: Registry) -> None:
        title = QLabel("Tessera")
        title.setProperty("role", "title")
        layout.setSpacing(8)
        mark = QLabel()
        mark.setPixmap(window_icon().pixmap(48, 48))
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(mark)
        head.addWidget(title, 1)
        layout.addLayout(head)
        layout.addWidget(muted(PURPOSE))
        layout.addSpacing(16)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(ActionButton(registry["slides.open"], primary=True, parent=self))
        row.addWidget(ActionButton(registry["slides.open_folder"], parent=self))
        row.addWidget(ActionButton(registry["slides.open_demo"], parent=self))
        layout.addLayout(row)
        layout.addWidget(muted(HINT))
        layout.addSpacing(8)
        layout.addWidget(self._busy_text)
        layout.addWidget(self._busy_bar)
        layout.addSpacing(8)
        layout.addLayout(self._recent)

    def _make_link(self, path: Path) -> QPushButton:
        folder = str(path.parent)
        link = QPushButton(f"{path.name}")
        link.setProperty("role", "link")
        link.setProperty("path", str(path))
        link.setToolTip(folder)
        link.setCursor(Qt.CursorShape.PointingHandCursor)
        link.clicked.connect(self._choose)
        return link

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(Path(self.sender().property("path")))

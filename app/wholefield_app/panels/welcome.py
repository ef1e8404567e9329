"""What stands in the middle while nothing is open: what the program is for and what to do first."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from wholefield_app.actions.button import ActionButton
from wholefield_app.settings import Settings
from wholefield_app.theme.icons import window_icon
from wholefield_app.widgets.heading import heading, muted

WIDTH, MARGIN = 480, 12
# The view takes the place of the page, and is of little use where it is narrower.
NARROWEST = 370
RECENT = 5


class Welcome(QWidget):
    """Buttons for the first steps, and what was opened last.

    Signals:
        chosen: Path of a recent file that was clicked.
    """

    chosen = Signal(object)

    def __init__(
        self, workspace: str, purpose: str, hint: str, actions: Sequence[QAction], settings: Settings
    ) -> None:
        """Fill the page of a workspace.

        Args:
            workspace: Its name; only what was opened there is listed.
            purpose: What it is for.
            hint: How else to begin, below the buttons.
            actions: What to do first; the first of them is the main one.
            settings: Know what was opened last.
        """
        super().__init__()
        self.setObjectName("welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self._settings = settings
        self._busy_text = QLabel(alignment=Qt.AlignmentFlag.AlignLeft)
        self._busy_bar = QProgressBar(textVisible=False)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._steps = QHBoxLayout()
        self._column = QWidget()
        self._fill(QVBoxLayout(self._column), purpose, hint, actions)
        outer = QVBoxLayout(self)
        outer.addWidget(self._column, alignment=Qt.AlignmentFlag.AlignCenter)
        self.setMinimumWidth(NARROWEST)
        settings.recent_changed.connect(self.refill)
        self.set_busy("")
        self.refill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons below each other where there is no room beside each other."""
        room = event.size().width() - 2 * MARGIN
        beside = QBoxLayout.Direction.LeftToRight if room >= WIDTH else QBoxLayout.Direction.TopToBottom
        self._steps.setDirection(beside)
        self._column.setFixedWidth(min(room, WIDTH))

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
        paths = self._settings.recent_in(self._workspace)[:RECENT]
        if paths:
            self._recent.addWidget(heading("Recent"))
        for path in paths:
            self._recent.addWidget(self._make_link(path))

    def _fill(self, layout: QVBoxLayout, purpose: str, hint: str, actions: Sequence[QAction]) -> None:
        title = QLabel("Wholefield")
        title.setProperty("role", "title")
        layout.setSpacing(8)
        mark = QLabel()
        mark.setPixmap(window_icon().pixmap(48, 48))
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(mark)
        head.addWidget(title, 1)
        layout.addLayout(head)
        layout.addWidget(muted(purpose))
        layout.addSpacing(16)
        self._steps.setSpacing(8)
        for position, action in enumerate(actions):
            self._steps.addWidget(ActionButton(action, primary=position == 0, parent=self))
        layout.addLayout(self._steps)
        layout.addWidget(muted(hint))
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

"""The preview panel: what a network makes of one example while it is trained."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from wholefield.runs.reports import Report, Started
from wholefield_app.background import Background
from wholefield_app.calls import DebouncedCall
from wholefield_app.panels.foldable import Foldable
from wholefield_app.panels.picture_row import PictureRow, Pictures
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import muted

Draw = Callable[[Any, Any], Pictures]


class PreviewPanel(Foldable):
    """Follows the reports of a training.

    Attributes:
        first: The preview before the first epoch, to tell the progress.
        newest: The newest preview.
    """

    def __init__(
        self, background: Background, theme: Theme, kind: type[Report], draw: Draw, empty: str
    ) -> None:
        """Show previews of one kind of report.

        Args:
            background: Draws them.
            theme: The theme.
            kind: The reports that are previews.
            draw: Makes pictures of the newest and the first preview, in a worker thread.
            empty: What stands here before the first.
        """
        super().__init__()
        self.first: Any = None
        self.newest: Any = None
        self._kind = kind
        self._drawing = DebouncedCall(background, draw, parent=self)
        self._drawing.answered.connect(self._show)
        self._empty = QLabel(empty, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._empty.setProperty("role", "muted")
        self.row = PictureRow(theme)
        self.line = muted()
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addWidget(self.row, 1)
        column.addWidget(self.line)
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self._empty)
        self._layout.addWidget(shown)

    @property
    def has_content(self) -> bool:
        """Whether there is a preview."""
        return self.row.pictures is not None

    @property
    def busy(self) -> bool:
        """Whether a preview is still to be drawn."""
        return self._drawing.busy

    @Slot(list)
    def add(self, reports: list[Report]) -> None:
        """Take in reports of the run."""
        for report in reports:
            if isinstance(report, Started):
                self.first = self.newest = None
            elif isinstance(report, self._kind):
                self.first = self.first or report
                self.newest = report
        if any(isinstance(report, self._kind) for report in reports):
            self._drawing.ask(self.newest, self.first)

    def stop(self) -> None:
        """Draw no more; the window is closing."""
        self._drawing.drop()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self.row.use_theme(theme)

    @Slot(object)
    def _show(self, pictures: Pictures) -> None:
        self.row.show_pictures(pictures)
        self.line.setText(pictures.line)
        self._layout.setCurrentIndex(1)
        self.content_changed.emit()

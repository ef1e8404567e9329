"""The preview panel: what the network makes of one validation slice, epoch by epoch."""

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from app.background import Background
from app.latest import Latest
from app.panels.heading import muted
from app.theme.theme import Theme
from app.viewer.hud import line_height, small_font
from app.workspaces.stacks.preview_images import PreviewPictures, draw_preview
from engine.runs.reports import PreviewReady, Report, Started

EMPTY = (
    "While a network is trained, a validation slice appears here:\n"
    "the input, the target and what the network makes of it."
)
GAP = 8
SMALLEST = QSize(240, 120)


class PictureRow(QWidget):
    """Pictures of one size side by side, each with its name below it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.pictures: PreviewPictures | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(SMALLEST)

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_pictures(self, pictures: PreviewPictures) -> None:
        """Show these."""
        self.pictures = pictures
        self.setAccessibleName(pictures.line)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pictures as large as they fit."""
        if self.pictures is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(small_font(painter))
        below = line_height(painter.font()) + 4
        images = self.pictures.images
        room = (self.width() - GAP * (len(images) - 1)) / len(images)
        for position, (name, image) in enumerate(images):
            scale = min(room / image.width(), (self.height() - below) / image.height())
            width, height = image.width() * scale, image.height() * scale
            left = position * (room + GAP) + (room - width) / 2
            place = QRectF(left, (self.height() - below - height) / 2, width, height)
            painter.fillRect(place, QColor(self._theme.canvas))
            painter.drawImage(place, image)
            painter.setPen(QColor(self._theme.muted))
            line = QRectF(left, place.bottom() + 2, width, below)
            painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, name)


class PreviewPanel(QWidget):
    """Follows the reports of a training."""

    def __init__(self, background: Background, theme: Theme) -> None:
        super().__init__()
        self.first: PreviewReady | None = None
        self.newest: PreviewReady | None = None
        self._drawing = Latest(background, draw_preview, parent=self)
        self._drawing.answered.connect(self._show)
        self._empty = QLabel(EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
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
    def busy(self) -> bool:
        """Whether a preview is still to be drawn."""
        return self._drawing.busy

    @Slot(list)
    def add(self, reports: list[Report]) -> None:
        """Take in reports of the run."""
        for report in reports:
            if isinstance(report, Started):
                self.first = self.newest = None
            elif isinstance(report, PreviewReady):
                self.first = self.first or report
                self.newest = report
        if any(isinstance(report, PreviewReady) for report in reports):
            self._drawing.ask(self.newest, self.first)

    def stop(self) -> None:
        """Draw no more; the window is closing."""
        self._drawing.drop()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        self.row.use_theme(theme)

    @Slot(object)
    def _show(self, pictures: PreviewPictures) -> None:
        self.row.show_pictures(pictures)
        self.line.setText(pictures.line)
        self._layout.setCurrentIndex(1)

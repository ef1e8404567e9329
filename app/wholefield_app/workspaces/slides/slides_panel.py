"""The list of the project's slides with thumbnails and labels."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QStackedLayout, QVBoxLayout, QWidget

from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.background import Background, Task
from wholefield_app.problems import Problem
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import heading, muted
from wholefield_app.workspaces.slides.project import SlideEntry, SlideProject

PATH = Qt.ItemDataRole.UserRole
SIDE = 48
THUMBNAIL = 2 * SIDE
EMPTY = "No folder is open.\nOpen a folder of slides to list them here with their labels."


class SlidesPanel(QWidget):
    """Lists the slides; thumbnails come one by one from worker threads.

    Signals:
        chosen: Path of the slide that was clicked or entered.
    """

    chosen = Signal(object)

    def __init__(
        self, background: Background, registry: Registry, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._theme = theme
        self._thumbnails: list[Task] = []
        self.title = heading("")
        self.summary = muted()
        self.list = QListWidget()
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setAccessibleName("Slides of the project")
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._make_empty(registry))
        self._stack.addWidget(self._make_filled())

    def show_project(self, project: SlideProject) -> None:
        """List the slides of `project`."""
        self.drop_thumbnails()
        self.list.clear()
        self.title.setText(project.name)
        self.title.setToolTip(str(project.slides))
        self.summary.setText(describe(project))
        for entry in project.entries:
            self.list.addItem(self._make_item(entry))
        self._stack.setCurrentIndex(1)
        for row, entry in enumerate(project.entries):
            self._ask_for_thumbnail(row, entry.path)

    def mark(self, path: Path) -> None:
        """Select the row of the open slide."""
        rows = [row for row in range(self.list.count()) if self.list.item(row).data(PATH) == str(path)]
        if rows:
            self.list.setCurrentRow(rows[0])
        else:
            self.list.clearSelection()

    def drop_thumbnails(self) -> None:
        """Ask for no more pictures."""
        for task in self._thumbnails:
            task.cancel()
        self._thumbnails.clear()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint the empty pictures in the colors of `theme` from now on."""
        self._theme = theme

    def _make_empty(self, registry: Registry) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        text = QLabel(EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        text.setProperty("role", "muted")
        layout.addStretch()
        layout.addWidget(text)
        button = ActionButton(registry["slides.open_folder"], parent=page)
        layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        return page

    def _make_filled(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(4)
        for label in (self.title, self.summary):
            label.setContentsMargins(12, 0, 12, 0)
            layout.addWidget(label)
        layout.addWidget(self.list, 1)
        return page

    def _make_item(self, entry: SlideEntry) -> QListWidgetItem:
        label = ", ".join(entry.labels) or "no label"
        item = QListWidgetItem(f"{entry.path.name}\n{label}")
        item.setData(PATH, str(entry.path))
        item.setToolTip(str(entry.path))
        item.setIcon(thumbnail_icon(QImage(), self._theme))
        item.setSizeHint(QSize(0, SIDE + 8))
        return item

    def _ask_for_thumbnail(self, row: int, path: Path) -> None:
        def put(picture: QImage) -> None:
            self.list.item(row).setIcon(thumbnail_icon(picture, self._theme))

        def mark_unreadable(problem: Problem) -> None:
            self.list.item(row).setToolTip(problem.sentence)

        task = self._background.run(make_thumbnail, path, then=put, failed=mark_unreadable)
        self._thumbnails.append(task)

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(Path(item.data(PATH)))


def make_thumbnail(path: Path) -> QImage:
    """A small picture of the slide at `path`, at most 96 px a side; called in a worker thread.

    Raises:
        SourceError: The slide cannot be read.
    """
    from wholefield.sources import default_display, open_image, to_display

    with open_image(path) as source:
        display = default_display(source)
        colors = to_display(source.thumbnail(THUMBNAIL), display).copy()
    height, width = colors.shape[:2]
    # The picture must own its pixels: the array goes when this function returns.
    return QImage(colors.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def describe(project: SlideProject) -> str:
    """How many slides, and how many of each class."""
    count = len(project.entries)
    slides = f"{count} slide" if count == 1 else f"{count} slides"
    if project.warning:
        return f"{slides}; the labels cannot be used: {project.warning}"
    if project.labels is None:
        return f"{slides}, no label file"
    names = sorted({label for entry in project.entries for label in entry.labels})
    if any(len(entry.labels) > 1 for entry in project.entries):
        return f"{slides} with labeled regions: {', '.join(names)}"
    counts = (f"{sum(name in entry.labels for entry in project.entries)} {name}" for name in names)
    return f"{slides}: {', '.join(counts)}"


def thumbnail_icon(picture: QImage, theme: Theme) -> QIcon:
    """The picture as an icon that keeps its colors in a selected row."""
    square = framed(picture, theme)
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)
    return icon


def framed(picture: QImage, theme: Theme) -> QPixmap:
    """The picture centered in a square, so that all rows align."""
    square = QPixmap(2 * SIDE, 2 * SIDE)
    square.fill(QColor(theme.raised))
    if not picture.isNull():
        fitted = picture.scaled(
            square.size(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        with QPainter(square) as painter:
            painter.drawImage(
                (square.width() - fitted.width()) // 2, (square.height() - fitted.height()) // 2, fitted
            )
    return square

"""The image of one source on the screen: which tiles are needed, which have loaded, and when all have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter

from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame, Layer
from wholefield_app.viewer.slides.decode import TileReader
from wholefield_app.viewer.slides.loader import TileLoader
from wholefield_app.viewer.slides.pyramid import TileKey, tiles_around
from wholefield_app.viewer.slides.tiles import TilePainter

if TYPE_CHECKING:
    from wholefield.sources import ChannelDisplay, ImageSource

# A tile that is averaged from more px than this along each axis is not read on the off chance.
CHEAP_REDUCTION = 8


class Picture(QObject):
    """Keeps the tiles coming that a view wants. One picture serves one source until it is stopped.

    Attributes:
        source: What is shown.
        overview: A small picture of the whole image; null until it is read.

    Signals:
        changed: There is something new to paint.
        settled: Every tile of the view has loaded at screen resolution, or cannot be read.
        problem: A tile cannot be read; a sentence, once for every different one.
    """

    changed = Signal()
    settled = Signal()
    problem = Signal(str)

    def __init__(
        self,
        source: ImageSource,
        channels: Sequence[ChannelDisplay] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Begin to read as soon as a view is looked at; see `TileReader` for the arguments."""
        super().__init__(parent)
        self.source = source
        self.overview = QImage()
        self._reader = TileReader(source, channels)
        self._levels = self._reader.levels
        self._overview_key = TileKey(len(self._levels) - 1, 0, 0)
        self._tiles = TilePainter(self._levels)
        self._view: View | None = None
        self._owed: set[TileKey] = set()
        self._unreadable: set[TileKey] = set()
        self._problems: set[str] = set()
        self._loader = TileLoader(self._reader, parent=self)
        self._loader.loaded.connect(self._keep)
        self._loader.grown.connect(self._show_unfinished)
        self._loader.failed.connect(self._give_up)
        # Several changes of the view within one turn of the event loop are one request.
        self._plan_timer = QTimer(self)
        self._plan_timer.setSingleShot(True)
        self._plan_timer.timeout.connect(self._plan)

    @property
    def is_settled(self) -> bool:
        """Whether every tile of the current view has loaded or cannot be read."""
        return not self._plan_timer.isActive() and not self._owed

    def look_at(self, view: View) -> None:
        """Want the tiles of this view from now on, nearest to its middle first, and no others."""
        self._view = view
        self._plan_timer.start()

    def set_channels(self, channels: Sequence[ChannelDisplay] | None) -> None:
        """Show the channels in another way; what is in sight stays as it is until its tiles have been made again."""
        if channels != self._reader.channels:
            self._reader.channels = channels
            self._loader.renew()
            self._tiles.renew()
            self.overview = QImage()
            self._plan_timer.start()

    @property
    def background(self) -> QColor:
        """The color around the image."""
        return self._tiles.background

    def set_background(self, color: QColor) -> None:
        """Paint this color around the image."""
        self._tiles.background = color
        self._tiles.redraw()

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint the loaded tiles of a view; where a tile is missing, a coarser one in its place."""
        self._tiles.paint(painter, view)

    def color_at(self, x: float, y: float, scale: float) -> tuple[int, int, int] | None:
        """Red, green and blue at a level-0 position as shown at a scale; None while its tile is not there."""
        return self._tiles.color_at(x, y, scale)

    def stop(self) -> None:
        """End the background threads; the source is not read any more once this returns."""
        self._plan_timer.stop()
        self._loader.stop()

    @Slot()
    def _plan(self) -> None:
        if self._view is None:
            return
        wanted = [key for key in self._tiles.missing(self._view) if key not in self._unreadable]
        self._owed = set(wanted)
        self._loader.request(dict.fromkeys(self._in_order(wanted, self._view)))
        self._announce()

    def _in_order(self, wanted: list[TileKey], view: View) -> list[TileKey]:
        whole = [self._overview_key] if self.overview.isNull() else []
        around = [key for key in tiles_around(self._levels, view) if not self._tiles.has(key)]
        cheap = [key for key in around if self._levels[key.level].reduction <= CHEAP_REDUCTION]
        if self._levels[-1].reduction <= CHEAP_REDUCTION:
            order = whole + wanted + cheap
        else:
            order = wanted + whole + cheap
        return [key for key in order if key not in self._unreadable]

    @Slot(object, object)
    def _keep(self, key: TileKey, image: QImage) -> None:
        if key == self._overview_key:
            self.overview = image
        self._tiles.add(key, image)
        self.changed.emit()
        self._settle(key)

    @Slot(object, object)
    def _show_unfinished(self, key: TileKey, image: QImage) -> None:
        self._tiles.add_unfinished(key, image)
        self.changed.emit()

    @Slot(object, str)
    def _give_up(self, key: TileKey, sentence: str) -> None:
        self._unreadable.add(key)
        if sentence not in self._problems:
            self._problems.add(sentence)
            self.problem.emit(sentence)
        self._settle(key)

    def _settle(self, key: TileKey) -> None:
        if key in self._owed:
            self._owed.discard(key)
            self._announce()

    def _announce(self) -> None:
        if self.is_settled:
            self.settled.emit()


class PictureLayer(Layer):
    """The image itself, at the bottom of all layers.

    Attributes:
        picture: What is shown; None for nothing.
    """

    title = "Image"

    def __init__(self) -> None:
        self.opacity: float = 1.0
        self.picture: Picture | None = None

    @property
    def present(self) -> bool:
        """Whether there is an image."""
        return self.picture is not None

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the loaded tiles; behind an image that is seen through lies its background."""
        if self.picture is None:
            return
        if self.opacity < 1 or not self.visible:
            painter.fillRect(frame.area, self.picture.background)
        if self.visible:
            painter.setOpacity(self.opacity)
            self.picture.paint(painter, frame.view)
            painter.setOpacity(1.0)

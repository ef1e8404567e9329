"""The picture itself, drawn from tiles into a buffer that moves with the view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap, QRegion

from wholefield.sources.cache import ByteCache
from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.slides.pyramid import TILE, DisplayLevel, TileKey, level_for, tiles_for

CACHE_BYTES = 384 * 2**20
# From here on single px are what one wants to see.
NEAREST_FROM_SCALE = 2.0


class TilePainter:
    """Draws tiles, and in the place of one that is not there yet whatever else is known of that place.

    The picture is kept in a buffer of the size of the viewport. When the view moves, the buffer is moved and
    only the strips that come into sight are drawn; when a tile arrives, only its place is.

    Attributes:
        levels: The display pyramid.
        images: Tiles held, by key.
        background: Color around the image.
    """

    def __init__(self, levels: Sequence[DisplayLevel]) -> None:
        self.levels = levels
        self.images: ByteCache[TileKey, QImage] = ByteCache(CACHE_BYTES, QImage.sizeInBytes)
        self.background = QColor("white")
        self._unfinished: dict[TileKey, QImage] = {}
        self._buffer = QPixmap()
        self._drawn: View | None = None
        self._stale = QRegion()

    def add(self, key: TileKey, image: QImage) -> None:
        """Hold a tile and draw it where it is in sight."""
        self._unfinished.pop(key, None)
        self.images.put(key, image)
        self._mark_stale(key)

    def add_unfinished(self, key: TileKey, image: QImage) -> None:
        """Draw what there is of a tile until the whole of it comes."""
        self._unfinished[key] = image
        self._mark_stale(key)

    def renew(self) -> None:
        """Hold nothing: tiles look different from now on. Those in sight are drawn as they were until then."""
        if self._drawn is not None:
            seen = {key: self.images.get(key) for key in tiles_for(self.levels, self._drawn)}
            self._unfinished |= {key: image for key, image in seen.items() if image is not None}
        self.images.clear()

    def missing(self, view: View) -> list[TileKey]:
        """The tiles that the view shows and that are not held, nearest to the middle first."""
        wanted = tiles_for(self.levels, view)
        # A screen larger than the cache would otherwise never be complete.
        self.images.capacity = max(CACHE_BYTES, 2 * len(wanted) * TILE * TILE * 4)
        missing = [key for key in wanted if self.images.get(key) is None]
        self._unfinished = {key: image for key, image in self._unfinished.items() if key in missing}
        return missing

    def has(self, key: TileKey) -> bool:
        """Whether a tile is held."""
        return key in self.images

    def color_at(self, x: float, y: float, scale: float) -> tuple[int, int, int] | None:
        """Red, green and blue of a level-0 position in the tile shown at a scale; None while it is not held."""
        index = level_for(self.levels, scale)
        level = self.levels[index]
        for column, row in level.tiles_in(Rect(x, y, 1e-6, 1e-6)):
            image = self.images.get(TileKey(index, column, row))
            if image is not None:
                box = level.box(column, row)
                pitch_x, pitch_y = level.pitch_x * level.reduction, level.pitch_y * level.reduction
                left = min(int((x - box.x) / pitch_x), image.width() - 1)
                top = min(int((y - box.y) / pitch_y), image.height() - 1)
                color = image.pixelColor(left, top)
                return color.red(), color.green(), color.blue()
        return None

    def redraw(self) -> None:
        """Draw everything again the next time."""
        self._drawn = None

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint the view; the painter works in logical px."""
        self._bring_up_to_date(view)
        painter.drawPixmap(0, 0, self._buffer)

    def _mark_stale(self, key: TileKey) -> None:
        if self._drawn is not None:
            box = self.levels[key.level].box(key.column, key.row)
            self._stale += _device_rect(self._drawn, box)

    def _bring_up_to_date(self, view: View) -> None:
        whole = QRect(0, 0, view.width, view.height)
        shift = self._drawn.shift_to(view) if self._drawn else None
        if shift is None:
            self._allocate(view)
            self._stale = QRegion(whole)
        elif shift != (0, 0):
            self._stale.translate(QPoint(*shift))
            self._stale += QRegion(whole) - QRegion(whole.translated(*shift))
            self._buffer.scroll(*shift, whole)
        self._drawn = view
        stale, self._stale = self._stale & whole, QRegion()
        if not stale.isEmpty():
            self._draw(stale, view)

    def _allocate(self, view: View) -> None:
        if self._buffer.size().toTuple() != (view.width, view.height):
            self._buffer = QPixmap(view.width, view.height)
        self._buffer.setDevicePixelRatio(view.ratio)

    def _draw(self, region: QRegion, view: View) -> None:
        with QPainter(self._buffer) as painter:
            painter.scale(1 / view.ratio, 1 / view.ratio)
            painter.setClipRegion(region)
            bounds = region.boundingRect()
            painter.fillRect(bounds, self.background)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.scale < NEAREST_FROM_SCALE)
            area = view.device_to_box(Rect(bounds.x(), bounds.y(), bounds.width(), bounds.height()))
            index = level_for(self.levels, view.scale)
            for column, row in self.levels[index].tiles_in(area):
                self._draw_tile(painter, view, TileKey(index, column, row))

    def _draw_tile(self, painter: QPainter, view: View, key: TileKey) -> None:
        level = self.levels[key.level]
        box = level.box(key.column, key.row)
        if self._draw_part(painter, view, key, box):
            return
        for known, part in reversed(list(self._substitutes(key.level, box))):
            self._draw_part(painter, view, known, part)
        if key in self._unfinished:
            painter.drawImage(_device_rect(view, box), self._unfinished[key])

    def _substitutes(self, index: int, box: Rect[float]) -> Iterator[tuple[TileKey, Rect[float]]]:
        """Tiles held that show something of a place, finer ones first, then the nearest complete coarser level."""
        if index > 0:
            yield from self._held(index - 1, box)
        for coarser in range(index + 1, len(self.levels)):
            held = list(self._held(coarser, box))
            yield from held
            if len(held) == sum(1 for _ in self.levels[coarser].tiles_in(box)):
                return

    def _held(self, index: int, box: Rect[float]) -> Iterator[tuple[TileKey, Rect[float]]]:
        level = self.levels[index]
        for column, row in level.tiles_in(box):
            key = TileKey(index, column, row)
            if key in self.images:
                yield key, level.box(column, row).intersected(box)

    def _draw_part(self, painter: QPainter, view: View, key: TileKey, part: Rect[float]) -> bool:
        """Draw what a tile has of a level-0 rectangle inside it; False if the tile is not held."""
        image = self.images.get(key)
        if image is None:
            return False
        level = self.levels[key.level]
        origin = level.box(key.column, key.row)
        pitch_x, pitch_y = level.pitch_x * level.reduction, level.pitch_y * level.reduction
        source = QRectF(
            (part.x - origin.x) / pitch_x,
            (part.y - origin.y) / pitch_y,
            part.width / pitch_x,
            part.height / pitch_y,
        )
        painter.drawImage(QRectF(_device_rect(view, part)), image, source)
        return True


def _device_rect(view: View, box: Rect[float]) -> QRect:
    return QRect(*(int(value) for value in view.box_to_device(box)))

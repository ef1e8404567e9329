"""The slide viewer: the image and everything that is painted over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from wholefield.runs.reports import Direction
from wholefield.sources.rect import Rect
from wholefield_app.viewer.canvas import Canvas
from wholefield_app.viewer.colormap import Colormap
from wholefield_app.viewer.layer import Frame, Layer
from wholefield_app.viewer.legend import paint_legend
from wholefield_app.viewer.scalebar import ScaleBarLayer
from wholefield_app.viewer.slides.boxes import BoxLayer, MarkedBox
from wholefield_app.viewer.slides.classes import ClassLayer, ClassPicture
from wholefield_app.viewer.slides.empty import paint_empty
from wholefield_app.viewer.slides.grid import GridLayer, TileGrid
from wholefield_app.viewer.slides.map import MapLayer
from wholefield_app.viewer.slides.minimap import MinimapLayer
from wholefield_app.viewer.slides.picture import Picture, PictureLayer
from wholefield_app.viewer.slides.sweep import SweepLayer

if TYPE_CHECKING:
    from wholefield.sources import ChannelDisplay, ImageSource

FRAME_MS = 33


class SlideView(Canvas):
    """Shows a pyramid of any size; tiles are read in the background and nothing here waits for them.

    The owner of the view calls `shutdown` before the application ends; closing the widget does so too.

    Signals:
        settled: Every visible tile has loaded at screen resolution (or cannot be read).
        problem: A tile cannot be read; a sentence, once for every different one.
        open_requested: The invitation of the empty viewer was clicked.
        layers_changed: There are other layers, in another order, or one looks different.
    """

    settled = Signal()
    problem = Signal(str)
    open_requested = Signal()
    layers_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Slide viewer")
        self._picture: Picture | None = None
        self._image_layer = PictureLayer()
        self._grid, self._sweep, self._map = GridLayer(), SweepLayer(), MapLayer()
        self._classes = ClassLayer()
        self._boxes, self._minimap = BoxLayer(), MinimapLayer()
        self._layers: tuple[Layer, ...] = (
            self._image_layer, self._map, self._classes, self._sweep, self._grid, self._boxes,
        )  # fmt: skip
        self._scale_bar = ScaleBarLayer()
        self._steering = False
        self._glow_timer = QTimer(self)
        self._glow_timer.setInterval(FRAME_MS)
        self._glow_timer.timeout.connect(self._fade)
        self.view_changed.connect(self._follow_view)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.shutdown)

    @property
    def source(self) -> ImageSource | None:
        """The image that is shown."""
        return self._picture.source if self._picture else None

    @property
    def is_settled(self) -> bool:
        """Whether everything visible has loaded at screen resolution; True without an image."""
        return self._picture is None or self._picture.is_settled

    def set_source(self, source: ImageSource | None) -> None:
        """Show another image, whole, or none; what was painted over the last one is gone.

        The last source is not read any more once this returns; closing it is up to its owner.
        """
        self._drop_picture()
        self._clear_layers()
        self._set_image_size(source.width if source else 0, source.height if source else 0)
        if source is not None:
            self._show_picture(Picture(source, parent=self))
        self.update()

    def close_source(self) -> None:
        """Show no image; its background threads have ended when this returns."""
        self.set_source(None)

    @Slot()
    def shutdown(self) -> None:
        """End everything that runs in the background. Calling it again is harmless."""
        self.close_source()

    def set_channels(self, channels: Sequence[ChannelDisplay] | None) -> None:
        """Show the channels in this way; None for what the file or its values suggest."""
        if self._picture is not None:
            self._picture.set_channels(channels)

    def set_tile_grid(self, tile_size: int | tuple[int, int] | None, level: int = 0) -> None:
        """Draw the grid of tiles, or none.

        Args:
            tile_size: Side in px of that level, or (width, height).
            level: Level of the source whose px are meant.
        """
        source = self.source
        if tile_size is None or source is None:
            self._grid.grid = None
        else:
            width, height = tile_size if isinstance(tile_size, tuple) else (tile_size, tile_size)
            stored = source.levels[level]
            pitch_x, pitch_y = source.width / stored.width, source.height / stored.height
            text = f"{width}" if width == height else f"{width} × {height}"
            self._grid.grid = TileGrid(width * pitch_x, height * pitch_y, text)
        self._layers_have_changed()

    def show_sweep(self, sweep: Direction | str, box_level0: Sequence[float]) -> None:
        """Light up a tile (x, y, width, height; level-0 px) that the forward or reverse sweep has just reached."""
        x, y, width, height = (round(value) for value in box_level0)
        self._sweep.visit(Direction(sweep), (x, y, width, height))
        if not self._glow_timer.isActive():
            self._glow_timer.start()
        self.update()

    def clear_sweep(self) -> None:
        """Forget which tiles were visited."""
        self._sweep.trace.clear()
        self._glow_timer.stop()
        self.update()

    def set_map(
        self,
        values: npt.NDArray[np.floating] | None,
        rect_level0: Sequence[float] | None = None,
        colormap: Colormap | str | None = None,
        opacity: float | None = None,
        *,
        title: str = "Prediction",
        smooth: bool = True,
    ) -> None:
        """Lay a map of values over the image, or none.

        Args:
            values: (height, width) from 0 to 1, NaN where there is no value.
            rect_level0: (x, y, width, height) in level-0 px that it covers; the whole image by default.
            colormap: Its colors; as they were by default.
            opacity: 0 to 1; as it was by default.
            title: What the legend calls it.
            smooth: Whether to interpolate between values.
        """
        box = self._image if rect_level0 is None else Rect(*rect_level0)
        self._map.show(values, box, title, smooth=smooth)
        self.change_layer(
            self._map, opacity=opacity, colormap=None if colormap is None else Colormap(colormap)
        )

    def set_classes(self, picture: ClassPicture | None, opacity: float | None = None) -> None:
        """Lay a map of classes over the image, or none; opacity 0 to 1, as it was by default."""
        self._classes.show(picture)
        self.change_layer(self._classes, opacity=opacity)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Those that have a name and something to show, from the bottom to the top."""
        return tuple(layer for layer in self._layers if layer.title and layer.present)

    def add_layer(self, layer: Layer) -> None:
        """Paint a further layer over the image, above the maps and below the tiles."""
        above = self._layers.index(self._sweep)
        self._layers = (*self._layers[:above], layer, *self._layers[above:])
        self._layers_have_changed()

    def remove_layer(self, layer: Layer) -> None:
        """Take a layer away."""
        self._layers = tuple(each for each in self._layers if each is not layer)
        self._layers_have_changed()

    def order_layers(self, wanted: Sequence[Layer]) -> None:
        """Paint these layers in this order, from the bottom to the top; the image stays at the bottom."""
        overlays = [layer for layer in wanted if layer is not self._image_layer]
        places = iter(overlays)
        self._layers = tuple(next(places) if layer in overlays else layer for layer in self._layers)
        self._layers_have_changed()

    def change_layer(
        self,
        layer: Layer,
        *,
        visible: bool | None = None,
        opacity: float | None = None,
        colormap: Colormap | None = None,
        filled: bool | None = None,
    ) -> None:
        """Let a layer look different; what is None stays."""
        layer.look(visible=visible, opacity=opacity, colormap=colormap, filled=filled)
        self._layers_have_changed()

    @property
    def grid_layer(self) -> Layer:
        """The tile grid."""
        return self._grid

    @property
    def result_layers(self) -> tuple[Layer, Layer]:
        """The map and the classes of a prediction."""
        return self._map, self._classes

    def set_map_opacity(self, opacity: float) -> None:
        """Let the image shine through the maps: 0 (maps not seen) to 1 (image not seen)."""
        for layer in self.result_layers:
            self.change_layer(layer, opacity=opacity)

    def set_map_visible(self, visible: bool) -> None:
        """Show or hide the maps."""
        for layer in self.result_layers:
            self.change_layer(layer, visible=visible)

    def set_boxes(self, boxes: Sequence[tuple[float, float, float, float, str, QColor | str]]) -> None:
        """Mark rectangles: (x, y, width, height; level-0 px, label, color), the later ones on top."""
        self._boxes.boxes = [
            MarkedBox(Rect(x, y, width, height), label, QColor(color))
            for x, y, width, height, label, color in boxes
        ]
        self.update()

    def grab_view(self) -> QImage:
        """Exactly what is on the screen, in device px."""
        return self.grab().toImage()

    def color_at(self, x: float, y: float) -> tuple[int, int, int] | None:
        """Red, green and blue at a level-0 position as shown; None outside the image or before its tile has loaded."""
        if self._picture is None:
            return None
        return self._picture.color_at(x, y, self._view.scale)

    def _layers_have_changed(self) -> None:
        self.update()
        self.layers_changed.emit()

    def _show_picture(self, picture: Picture) -> None:
        self._picture = self._image_layer.picture = picture
        picture.set_background(self._background())
        picture.changed.connect(self._take_news)
        picture.settled.connect(self.settled)
        picture.problem.connect(self.problem)
        picture.look_at(self._view)

    def _drop_picture(self) -> None:
        if self._picture is not None:
            self._picture.stop()
            self._picture.deleteLater()
            self._picture = self._image_layer.picture = None
            self._minimap.set_overview(QImage())

    def _clear_layers(self) -> None:
        self.clear_sweep()
        self.set_tile_grid(None)
        self.set_map(None)
        self.set_classes(None)
        self.set_boxes([])
        for layer in [layer for layer in self._layers if layer.removable]:
            self.remove_layer(layer)

    def _background(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.Shadow)

    def _frame(self) -> Frame:
        source = self.source
        spacing = source.spacing[1] if source and source.spacing else None
        return Frame(self._view, self._image, spacing, self.palette())

    @Slot()
    def _follow_view(self) -> None:
        if self._picture is not None:
            self._picture.look_at(self._view)

    @Slot()
    def _take_news(self) -> None:
        if self._picture is not None and not self._picture.overview.isNull():
            self._minimap.set_overview(self._picture.overview)
        self.update()

    @Slot()
    def _fade(self) -> None:
        if not self._sweep.glowing:
            self._glow_timer.stop()
        self.update()

    def _steer(self, event: QMouseEvent) -> bool:
        """Go where the overview is pressed; False beside it."""
        position = self._minimap.image_position(self._frame(), event.position())
        if position is not None:
            self.center_on(*position)
        return position is not None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the image and its layers, or the invitation."""
        del event
        with QPainter(self) as painter:
            frame = self._frame()
            if self._picture is None:
                painter.fillRect(frame.area, self.palette().color(QPalette.ColorRole.Window))
                paint_empty(painter, frame.area, self.palette())
            else:
                for layer in (*self._layers, self._minimap):
                    layer.paint(painter, frame)
                scale_bar = self._scale_bar.paint_panel(painter, frame)
                rows = [row for layer in self._layers for row in layer.legend(frame)]
                paint_legend(painter, frame, rows, scale_bar)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press on the overview goes there; one on the invitation asks for an image."""
        left = event.button() == Qt.MouseButton.LeftButton
        if left and self._picture is None:
            self.open_requested.emit()
        elif left and self._steer(event):
            self._steering = True
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a drag on the overview."""
        if self._steering:
            self._steer(event)
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag on the overview."""
        if self._steering:
            self._steering = False
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click on the overview is two clicks, not a zoom."""
        if not self._steer(event):
            super().mouseDoubleClickEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Take over the colors of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._picture is not None:
            self._picture.set_background(self._background())
            self.update()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the background threads."""
        self.shutdown()
        super().closeEvent(event)

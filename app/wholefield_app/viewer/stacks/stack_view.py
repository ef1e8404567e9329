"""Three linked planes of a stack: a large one across the chosen axis, and the two others beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QBoxLayout, QSplitter, QVBoxLayout, QWidget

from wholefield_app.background import Background
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.stacks.plane_images import PlanePictures, PlaneReader, PlaneRequest
from wholefield_app.viewer.stacks.plane_loader import PlaneLoader
from wholefield_app.viewer.stacks.plane_view import Compare, PlaneView
from wholefield_app.viewer.stacks.planes import AXES, Position, moved, plane_axes, stepped
from wholefield_app.viewer.stacks.slice_bar import SliceBar
from wholefield_app.viewer.stacks.stack_scene import StackScene, VoxelReadout

MAIN_SHARE, SIDE_SHARE = 5, 2
# Stands for the value of a voxel that has not been read yet.
UNREAD = "…"


class StackView(QWidget):
    """Shows a scene at a position; planes are read in the background and nothing here waits for them.

    Attributes:
        position: The voxel (z, y, x) that all planes go through.
        axis: The axis across the large plane.
        compare: How the second stack is shown.
        splitters: Between the large plane and the others, and between those two, by name.

    Signals:
        moved: There is another position, axis or zoom.
        hovered: The VoxelReadout under the mouse, or None.
        levels_dragged: Window and level are to follow a drag of that many logical px right and down.
        problem: The Problem of a plane that cannot be read.
        time_chosen: Another time is wanted.
    """

    moved = Signal()
    hovered = Signal(object)
    levels_dragged = Signal(float, float)
    problem = Signal(object)
    time_chosen = Signal(int)

    def __init__(self, background: Background, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: StackScene | None = None
        self.position: Position = (0, 0, 0)
        self.axis = 0
        self.compare = Compare.ALONE
        self._reader = PlaneReader()
        self._asked: dict[int, PlaneRequest] = {}
        self._pictures: dict[int, PlanePictures] = {}
        self._paused = False
        self._loaders = tuple(PlaneLoader(background, self._reader, self) for _ in AXES)
        self.main, self.twin = PlaneView(), PlaneView()
        self.sides = PlaneView(small=True), PlaneView(small=True)
        self.bar, self.time_bar = SliceBar(theme, plays="slices"), SliceBar(theme, plays="times")
        self.side_bars = SliceBar(theme), SliceBar(theme)
        self._lay_out()
        self._connect()
        self.use_theme(theme)

    @property
    def busy(self) -> bool:
        """Whether a plane is still to come."""
        return any(loader.busy for loader in self._loaders)

    @property
    def opacity(self) -> float:
        """How much of the second stack is seen where it lies over the first."""
        return self.main.opacity

    def set_scene(self, scene: StackScene | None) -> None:
        """Show other stacks, or the same with another look; the position stays where the shape does."""
        before, self.scene = self.scene, scene
        if before is None or scene is None or not scene.continues(before):
            self.bar.stop()
            self.time_bar.stop()
            self._forget()
        if scene is not None and (before is None or before.shape != scene.shape):
            self.position = tuple(length // 2 for length in scene.shape)  # type: ignore[assignment]
        self._show_time()
        self._set_planes()
        self._refresh()

    def set_position(self, position: Position) -> None:
        """Go to a voxel; one outside goes to the nearest inside."""
        if self.scene is None:
            return
        for axis in range(3):
            position = stepped(position, axis, position[axis], self.scene.shape)
        if position != self.position:
            self.position = position
            self._refresh()
            self.moved.emit()

    def set_axis(self, axis: int) -> None:
        """Show the plane across this axis large."""
        if axis != self.axis:
            self.axis = axis
            self._set_planes()
            self._refresh()
            self.moved.emit()

    def set_compare(self, compare: Compare, opacity: float) -> None:
        """Show the second stack in another way."""
        self.compare = compare
        for view in self._views():
            view.set_compare(compare, opacity)
        self._show_twin()

    def toggle_playing(self) -> None:
        """Play through the slices of the large plane, or stop."""
        self.bar.play.toggle()

    def toggle_playing_times(self) -> None:
        """Play through the times, or stop."""
        self.time_bar.play.toggle()

    def step(self, slices: int) -> None:
        """Go that many slices further along the axis of the large plane."""
        self._step(self.axis, slices)

    def pause(self) -> None:
        """Read no planes across slices for now: something is being opened, which they must not delay."""
        self._paused = True
        self.bar.stop()
        self.time_bar.stop()
        for axis, loader in enumerate(self._loaders):
            if axis and loader.busy:
                loader.drop()
                self._asked.pop(axis, None)

    def resume(self) -> None:
        """Read what `pause` has left unread."""
        if self._paused:
            self._paused = False
            self._refresh()

    def grab_view(self) -> QImage:
        """What the large plane shows, with everything over it."""
        return self.main.grab().toImage()

    def shutdown(self) -> None:
        """Read no more."""
        self.bar.stop()
        self.time_bar.stop()
        self._forget()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        for view in self._views():
            view.canvas = QColor(theme.canvas)
            view.update()
        for bar in (self.bar, self.time_bar, *self.side_bars):
            bar.use_theme(theme)

    def _views(self) -> tuple[PlaneView, ...]:
        return (self.main, self.twin, *self.sides)

    def _side_axes(self) -> tuple[int, int]:
        return plane_axes(self.axis)

    def _lay_out(self) -> None:
        pair = self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        pair.setSpacing(2)
        pair.addWidget(self.main, 1)
        pair.addWidget(self.twin, 1)
        large = QWidget()
        column = QVBoxLayout(large)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(pair, 1)
        column.addWidget(self.bar)
        column.addWidget(self.time_bar)
        self.time_bar.hide()
        side = QSplitter(Qt.Orientation.Vertical)
        for view, bar in zip(self.sides, self.side_bars, strict=True):
            side.addWidget(_stacked(view, bar))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(large)
        split.addWidget(side)
        # Without stretch factors Qt keeps the ratio when the window is resized.
        split.setSizes([100 * MAIN_SHARE, 100 * SIDE_SHARE])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)
        self.splitters = {"planes": split, "sides": side}
        self.twin.hide()

    def _connect(self) -> None:
        for loader in self._loaders:
            loader.answered.connect(self._show)
            loader.failed.connect(self.problem)
        for view in self._views():
            view.scrolled.connect(self._scroll)
            view.picked.connect(self._pick)
            view.hovered.connect(self._hover)
            view.cursor_left.connect(self._leave)
            view.levels_dragged.connect(self.levels_dragged)
        self.main.view_changed.connect(self._follow_main)
        self.twin.view_changed.connect(self._follow_twin)
        self.bar.chosen.connect(self._choose_main)
        self.bar.due.connect(self._play_on)
        self.time_bar.chosen.connect(self.time_chosen)
        self.time_bar.due.connect(self._play_times_on)
        self.side_bars[0].chosen.connect(self._choose_first)
        self.side_bars[1].chosen.connect(self._choose_second)

    def values_at(self, axis: int, index: int) -> npt.NDArray[Any] | None:
        """The voxels of the shown channels of a slice, (rows, columns, channels); None where they are not all there."""
        pictures = self._pictures.get(axis)
        if self.scene is None or pictures is None or not pictures.complete:
            return None
        look = pictures.request.looks[0]
        if pictures.request.index != index or look.source is not self.scene.look.source:
            return None
        values = pictures.values[0]
        if values.ndim == 2:
            return values[..., None]
        shown = [index for index, channel in enumerate(look.channels or ()) if channel.visible]
        return values[..., shown or [0]]

    def _forget(self) -> None:
        for loader in self._loaders:
            loader.drop()
        self._reader.forget()
        self._asked.clear()
        self._pictures.clear()

    def _show_time(self) -> None:
        source = self.scene.look.source if self.scene is not None else None
        self.time_bar.setVisible(source is not None and source.times > 1)
        if source is not None:
            self.time_bar.set_axis("t", source.times, "Time")
            self.time_bar.show_index(source.time)

    def _set_planes(self) -> None:
        scene, axes = self.scene, self._side_axes()
        for view in self._views():
            axis = self.axis_of(view)
            view.set_plane(scene.plane(axis) if scene else None, scene.micrometers(axis) if scene else None)
        for bar, axis in zip((self.bar, *self.side_bars), (self.axis, *axes), strict=True):
            bar.set_axis(AXES[axis], scene.shape[axis] if scene else 1)
        for pictures in self._pictures.values():
            self._draw(pictures)
        self._show_twin()

    def _refresh(self) -> None:
        """Ask for the planes at the position, move the crosshairs and sliders."""
        if self.scene is None:
            return
        for axis, loader in enumerate(self._loaders):
            request = self.scene.request(axis, self.position[axis])
            if self._asked.get(axis) != request and not (axis and self._paused):
                self._asked[axis] = request
                loader.ask(request)
        for view in self._views():
            down, right = plane_axes(self.axis_of(view))
            view.set_crosshair((self.position[down], self.position[right]))
        for bar, axis in zip((self.bar, *self.side_bars), (self.axis, *self._side_axes()), strict=True):
            bar.show_index(self.position[axis])

    def axis_of(self, view: object) -> int:
        """The axis across one of the planes."""
        return self._side_axes()[self.sides.index(view)] if view in self.sides else self.axis

    def _show_twin(self) -> None:
        other = self.scene is not None and self.scene.other is not None
        self.twin.setVisible(other and self.compare is Compare.BESIDE)
        self._turn_pair()
        self.twin.follow(self.main)

    def _turn_pair(self) -> None:
        """Place the two large planes beside or below each other, whichever shows them larger."""
        plane = self.main.plane
        if plane is not None and self.twin.isVisible():
            room = self._pair.geometry()
            beside = min(room.width() / 2 / plane.width, room.height() / plane.height)
            below = min(room.width() / plane.width, room.height() / 2 / plane.height)
            turned = QBoxLayout.Direction.TopToBottom if below > beside else QBoxLayout.Direction.LeftToRight
            self._pair.setDirection(turned)

    @Slot(object)
    def _show(self, pictures: PlanePictures) -> None:
        self._pictures[pictures.request.axis] = pictures
        self._draw(pictures)

    def _draw(self, pictures: PlanePictures) -> None:
        assert self.scene is not None
        images = pictures.images
        over = images[1] if len(images) > 1 else None
        for view in (self.main, *self.sides):
            if self.axis_of(view) == pictures.request.axis:
                captions = self.scene.captions if view is self.main else ("", "")
                view.show_images(images[0], over, captions)
        if self.axis == pictures.request.axis and over is not None:
            self.twin.show_images(over, None, (self.scene.captions[1], ""))

    def _step(self, axis: int, slices: int) -> None:
        if self.scene is not None:
            self.set_position(stepped(self.position, axis, self.position[axis] + slices, self.scene.shape))

    @Slot(int)
    def _scroll(self, slices: int) -> None:
        self._step(self.axis_of(self.sender()), slices)

    @Slot(int, int)
    def _pick(self, row: int, column: int) -> None:
        self.set_position(moved(self.position, self.axis_of(self.sender()), row, column))

    @Slot(int, int)
    def _hover(self, row: int, column: int) -> None:
        axis = self.axis_of(self.sender())
        pictures = self._pictures.get(axis)
        if pictures is None or self.scene is None:
            return
        at = stepped(moved(self.position, axis, row, column), axis, pictures.request.index, self.scene.shape)
        known = row < pictures.ready
        values = tuple(value_text(plane[row, column]) if known else UNREAD for plane in pictures.values)
        self.hovered.emit(VoxelReadout(at, values))

    @Slot()
    def _leave(self) -> None:
        self.hovered.emit(None)

    @Slot()
    def _follow_main(self) -> None:
        self._turn_pair()
        self.twin.follow(self.main)
        self.moved.emit()

    @Slot()
    def _follow_twin(self) -> None:
        if self.twin.isVisible() and self.twin.size() == self.main.size():
            self.main.follow(self.twin)

    @Slot(int)
    def _choose_main(self, index: int) -> None:
        self._step(self.axis, index - self.position[self.axis])

    @Slot(int)
    def _choose_first(self, index: int) -> None:
        axis = self._side_axes()[0]
        self._step(axis, index - self.position[axis])

    @Slot(int)
    def _choose_second(self, index: int) -> None:
        axis = self._side_axes()[1]
        self._step(axis, index - self.position[axis])

    @Slot()
    def _play_on(self) -> None:
        """The next slice, once the current one has loaded; after the last of the stack comes the first."""
        if self.scene is None or self._loaders[self.axis].busy:
            return
        index = (self.position[self.axis] + 1) % self.scene.shape[self.axis]
        self._step(self.axis, index - self.position[self.axis])

    @Slot()
    def _play_times_on(self) -> None:
        """The next time, once the large plane of the current one has loaded; after the last comes the first."""
        if self.scene is not None and not self._loaders[self.axis].busy:
            source = self.scene.look.source
            self.time_chosen.emit((source.time + 1) % source.times)


def value_text(value: Any) -> str:
    """A voxel in words: whole numbers as they are, others with five digits, channels in brackets."""
    if np.ndim(value):
        return "(" + ", ".join(value_text(channel) for channel in value) + ")"
    return str(int(value)) if np.asarray(value).dtype.kind in "bui" else f"{float(value):.5g}"


def _stacked(view: QWidget, bar: QWidget) -> QWidget:
    pane = QWidget()
    layout = QVBoxLayout(pane)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(view, 1)
    layout.addWidget(bar)
    return pane

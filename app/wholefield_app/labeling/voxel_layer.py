"""Labels over a plane of a stack: voxels in the colors of their classes, and what is being drawn."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage, QPainter

from wholefield.labels import LabelClass
from wholefield.labels.voxels import VoxelLabels
from wholefield.sources.rect import Rect
from wholefield_app.labeling.pending_layer import PendingLayer, legend_of
from wholefield_app.labeling.stack_hand import StackHand
from wholefield_app.labeling.stack_labels import StackLabels
from wholefield_app.viewer.layer import Frame, Layer, LegendRow
from wholefield_app.viewer.stacks.plane_view import PlaneView, paint_part
from wholefield_app.viewer.stacks.planes import plane_axes
from wholefield_app.viewer.stacks.stack_view import StackView

ALPHA = 120

_Shown = tuple[VoxelLabels, int, int, int, tuple[LabelClass, ...]]
"""The labels, their revision, axis and index of the slice, and the classes: what a picture was made of."""


class VoxelLayer(Layer):
    """Paints the labels of the slice that a plane shows."""

    def __init__(self, labels: StackLabels, hand: StackHand, view: StackView, plane: PlaneView) -> None:
        self._labels = labels
        self._view = view
        self._plane = plane
        self._pending = PendingLayer(labels, hand)
        self._made_of: _Shown | None = None
        self._image = QImage()
        self._rows = self._columns = slice(0, 0)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the voxels of the slice, then what is being drawn."""
        self._refresh()
        plane = self._plane.plane
        if plane is not None and not self._image.isNull():
            place = Rect(
                self._columns.start * plane.column_size,
                self._rows.start * plane.row_size,
                self._image.width() * plane.column_size,
                self._image.height() * plane.row_size,
            )
            paint_part(painter, frame.rect(place), self._image, frame.area)
        self._pending.paint(painter, frame)

    def legend(self, frame: Frame) -> list[LegendRow]:
        """The classes that occur."""
        del frame
        return legend_of(self._labels)

    def _refresh(self) -> None:
        """Make the picture again where it is no longer what it was made of."""
        labels, axis = self._labels, self._view.axis_of(self._plane)
        index = self._view.position[axis]
        now = labels.voxels, labels.voxels.revision, axis, index, tuple(labels.classes)
        if now == self._made_of:
            return
        self._made_of, self._image = now, QImage()
        box = labels.voxels.painted_box(axis, index)
        if box is not None:
            down, right = plane_axes(axis)
            self._rows, self._columns = box[down], box[right]
            values = labels.voxels.region(box).squeeze(axis)
            self._image = colored(values, tuple(labels.classes))


def colored(values: np.ndarray, classes: tuple[LabelClass, ...]) -> QImage:
    """Class values (h, w) as a picture, transparent where nothing is labeled or its class is hidden."""
    colors = np.zeros(256, np.uint32)
    for each in classes:
        if each.visible:
            red, green, blue = (round(part * ALPHA / 255) for part in each.color)
            colors[each.value] = ALPHA << 24 | red << 16 | green << 8 | blue
    pixels = np.ascontiguousarray(colors[values])
    height, width = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()

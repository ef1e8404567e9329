"""A map of classes, such as a segmentation, over the image: each class in its color, the first one transparent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage, QPainter

from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame, Layer, LegendRow
from wholefield_app.viewer.levels import LABEL_COLORS
from wholefield_app.viewer.slides.map import OPACITY, paint_map

ClassArray = npt.NDArray[np.unsignedinteger[Any]]
# A multiple of the number of colors, so that classes beyond a byte keep theirs.
CYCLE = 36 * len(LABEL_COLORS)


@dataclass(frozen=True, eq=False)
class ClassPicture:
    """What is shown.

    Attributes:
        levels: Class indices (height, width), finest first, each half as large as the one before; only what is in
            sight is looked at, so they may be memory maps.
        box: The level-0 rectangle that they cover.
        names: What the classes are called.
        alone: The only class to show; 0 shows all but the first.
        colors: Red, green and blue of each class; empty for those of the program.
        owner: What the levels belong to and must not go before they do.
    """

    levels: Sequence[ClassArray]
    box: Rect[float]
    names: Sequence[str]
    alone: int = 0
    colors: Sequence[tuple[int, int, int]] = ()
    owner: object = None

    def color(self, index: int) -> tuple[int, int, int]:
        """Red, green and blue of a class."""
        return self.colors[index] if index < len(self.colors) else class_color(index)


@dataclass(frozen=True)
class Crop:
    """A part of a level: rows top to bottom, columns left to right."""

    level: int
    top: int
    bottom: int
    left: int
    right: int


def class_color(index: int) -> tuple[int, int, int]:
    """Red, green and blue of a class from 1 on."""
    red, green, blue = LABEL_COLORS[(index - 1) % len(LABEL_COLORS)].tolist()
    return red, green, blue


def crop_in_sight(picture: ClassPicture, view: View) -> Crop | None:
    """The part of the coarsest level that is fine enough for the screen; None where nothing is in sight."""
    box = picture.box
    seen = box.intersected(
        Rect(view.left / view.scale, view.top / view.scale, view.width / view.scale, view.height / view.scale)
    )
    if seen.empty:
        return None
    sizes = [box.width / level.shape[1] for level in picture.levels]
    fitting = [index for index, size in enumerate(sizes) if size * view.scale <= 1]
    index = fitting[-1] if fitting else 0
    height, width = picture.levels[index].shape
    per_row, per_column = box.height / height, box.width / width
    return Crop(
        index,
        int((seen.y - box.y) // per_row),
        min(int((seen.bottom - box.y) // per_row) + 1, height),
        int((seen.x - box.x) // per_column),
        min(int((seen.right - box.x) // per_column) + 1, width),
    )


def class_image(
    classes: ClassArray,
    alone: int,
    color: Callable[[int], tuple[int, int, int]] = class_color,
    *,
    filled: bool = True,
) -> QImage:
    """Class indices (height, width) as a picture, transparent where there is the first class.

    Args:
        classes: The indices.
        alone: The only class to show; 0 shows all.
        color: The color of each class.
        filled: Whether areas are filled; otherwise only their outermost pixels are painted.
    """
    if classes.dtype != np.uint8:
        classes = np.where(classes == 0, 0, (classes - 1) % CYCLE + 1)
        alone = (alone - 1) % CYCLE + 1 if alone else 0
    bytes_ = np.array(classes, np.uint8)
    if not filled:
        bytes_[_inside(bytes_)] = 0
    height, width = bytes_.shape
    image = QImage(bytes_.data, width, height, width, QImage.Format.Format_Indexed8)
    shown = range(1, 256) if not alone else (alone,)
    image.setColorTable([QColor(*color(i)).rgba() if i in shown else 0 for i in range(256)])
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _inside(classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Pixels whose four neighbors are of their class; what lies beyond the border is."""
    inside = np.ones(classes.shape, np.bool_)
    for axis in (0, 1):
        alike = np.diff(classes, axis=axis) == 0
        before, after = [slice(None)] * 2, [slice(None)] * 2
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        inside[tuple(before)] &= alike
        inside[tuple(after)] &= alike
    return inside


class ClassLayer(Layer):
    """Shows one map of classes.

    Attributes:
        picture: What is shown.
    """

    def __init__(self, title: str = "Predicted classes", *, removable: bool = False) -> None:
        self.title, self.removable = title, removable
        self.opacity: float = OPACITY
        self.filled: bool = True
        self.picture: ClassPicture | None = None
        self._made: tuple[Crop, bool, QImage] | None = None

    @property
    def present(self) -> bool:
        """Whether there is a map."""
        return self.picture is not None

    def show(self, picture: ClassPicture | None) -> None:
        """Show a map, or nothing."""
        self.picture, self._made = picture, None

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint what is in sight."""
        picture = self.picture
        if picture is None or not self.visible:
            return
        crop = crop_in_sight(picture, frame.view)
        if crop is None:
            return
        if self._made is None or self._made[:2] != (crop, self.filled):
            part = picture.levels[crop.level][crop.top : crop.bottom, crop.left : crop.right]
            image = class_image(part, picture.alone, picture.color, filled=self.filled)
            self._made = crop, self.filled, image
        paint_map(painter, self._made[2], frame.rect(_place(picture, crop)), self.opacity, smooth=False)

    def legend(self, frame: Frame) -> list[LegendRow]:
        """The colors of the classes that are shown."""
        del frame
        picture = self.picture
        if picture is None or not self.visible:
            return []
        shown = range(1, len(picture.names)) if not picture.alone else (picture.alone,)
        return [LegendRow(picture.names[index], QColor(*picture.color(index))) for index in shown]


def _place(picture: ClassPicture, crop: Crop) -> Rect[float]:
    """The level-0 rectangle of a crop."""
    height, width = picture.levels[crop.level].shape
    per_row, per_column = picture.box.height / height, picture.box.width / width
    return Rect(
        picture.box.x + crop.left * per_column,
        picture.box.y + crop.top * per_row,
        (crop.right - crop.left) * per_column,
        (crop.bottom - crop.top) * per_row,
    )

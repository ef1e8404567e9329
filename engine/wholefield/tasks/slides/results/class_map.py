"""What a segmentation of a slide is: the class of every pixel, on disk, in coarser and coarser levels. No torch."""

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wholefield.errors import SettingError
from wholefield.training.label_values import LabelSet

# A level of this size is painted whole.
COARSEST = 1024

ClassArray = NDArray[np.unsignedinteger[Any]]


class ClassMap:
    """Takes the logits of an image block by block and keeps the class of every pixel in a temporary file.

    The file goes when the map does.

    Attributes:
        shape: (1, classes, h, w) of the logits.
        levels: class indices (h, w), finest first; each coarser one takes every second row and column. The coarser
            ones are filled by `finish`.
        counts: pixels of every class so far, (classes,) int64.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        """Make room for an image of logits (1, classes, h, w)."""
        self.shape = tuple(shape)
        _, classes, height, width = self.shape
        self.counts = np.zeros(classes, np.int64)
        folder = Path(tempfile.mkdtemp(prefix="wholefield-classes-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        kind = np.min_scalar_type(classes - 1)
        self.levels: tuple[ClassArray, ...] = tuple(
            np.memmap(folder / f"level{index}", kind, "w+", shape=size)
            for index, size in enumerate(_sizes(height, width))
        )

    def to_parts(self) -> tuple[Any, ...]:
        """What another process makes the same map of."""
        return self.shape, self.levels, self.counts

    @classmethod
    def from_parts(cls, shape: tuple[int, ...], levels: tuple[ClassArray, ...], counts: NDArray[Any]) -> Self:
        """The map of another process; its files go when it does."""
        made = cls.__new__(cls)
        made.shape, made.levels, made.counts = shape, levels, counts
        return made

    def __setitem__(self, key: tuple[slice, ...], value: NDArray[Any]) -> None:
        """Take the logits (1, classes, ...) of a box.

        Raises:
            SettingError: they are not finite.
        """
        if not np.isfinite(value).all():
            raise SettingError(
                "The checkpoint gives no finite result; its training diverged. Choose another."
            )
        found = value[0].argmax(0)
        self.counts += np.bincount(found.ravel(), minlength=len(self.counts))
        self.levels[0][key[2:]] = found

    def finish(self) -> None:
        """Fill the coarser levels."""
        for fine, coarse in zip(self.levels, self.levels[1:], strict=False):
            coarse[...] = fine[::2, ::2]


@dataclass(frozen=True, eq=False)
class SegmentedSlide:
    """The class of every pixel of a slide.

    Attributes:
        slide: the slide file.
        classes: names of the classes.
        map: where they are.
        size: (width, height) of the slide in pixels of level 0, which the map covers.
        spacing: um per pixel of the map along (y, x); None where the slide does not say.
        values: label values of the classes, as the masks of the training had them; empty where their places count.
        colors: red, green and blue of the classes, 0 to 255; empty where none were chosen.
    """

    slide: Path
    classes: tuple[str, ...]
    map: ClassMap
    size: tuple[int, int]
    spacing: tuple[float, float] | None
    values: tuple[int, ...] = ()
    colors: tuple[tuple[int, int, int], ...] = ()

    @property
    def labels(self) -> LabelSet:
        """The label values of the classes in files."""
        return LabelSet(self.values or tuple(range(len(self.classes))))

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Share of the pixels of every class, (classes,)."""
        return self.map.counts / self.map.counts.sum()

    @property
    def winner(self) -> str:
        """The class with most pixels."""
        return self.classes[int(self.map.counts.argmax())]


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    sizes = [(height, width)]
    while max(sizes[-1]) > COARSEST:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes

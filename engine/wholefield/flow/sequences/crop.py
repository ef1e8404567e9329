"""A part of the sensor, flipped and rotated or not: the same for features, for events and for flow."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Flip(NamedTuple):
    """Which axes are flipped, and whether they are swapped afterwards.

    Attributes:
        x: Whether columns are in reverse order.
        y: Whether rows are in reverse order.
        swap: Whether the axes are then swapped.

    Example:
        >>> from wholefield.flow.sequences import Flip
        >>> Flip(x=True)
        Flip(x=True, y=False, swap=False)
    """

    x: bool = False
    y: bool = False
    swap: bool = False


UNFLIPPED = Flip()


@dataclass(frozen=True)
class Crop:
    """A rectangle of the sensor, then flipped or rotated: both are flips and swaps of the axes.

    Attributes:
        x: First column in px.
        y: First row in px.
        width: Columns in px.
        height: Rows in px.
        flip: What is done to it.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.sequences import Crop, Flip
        >>> Crop(1, 0, 2, 1, Flip(x=True)).images(np.array([[0, 1, 2, 3]]))
        array([[2, 1]])
    """

    x: int
    y: int
    width: int
    height: int
    flip: Flip = UNFLIPPED

    @classmethod
    def random(
        cls,
        width: int,
        height: int,
        size: int | None,
        random: np.random.Generator,
        around: tuple[int, int] | None = None,
        *,
        flips: bool = False,
        rotations: bool = False,
    ) -> "Crop":
        """A random square of `size` px (less where the sensor is smaller), flipped and rotated at random.

        With a point (x, y) the square has this point somewhere in its middle half, as far as the sensor allows: what
        moves there is seen completely, and stays inside. Without a size it is the whole sensor. What is not square
        keeps its shape: it is rotated by half turns only.
        """
        # Drawn whether they are used or not, so that the same squares are visited with and without them.
        first, second, third = (bool(value) for value in random.integers(0, 2, 3))
        w, h = (width, height) if size is None else (min(size, width), min(size, height))
        swap = rotations and w == h and third
        if flips:
            flip = Flip(first, second, swap)
        else:
            # A rotation is an even number of reflections: one that swaps the axes flips one of them, too.
            flip = Flip(rotations and first, rotations and first != swap, swap)
        if around is None:
            x, y = int(random.integers(width - w + 1)), int(random.integers(height - h + 1))
        else:
            x = min(max(around[0] - _middle(w, random), 0), width - w)
            y = min(max(around[1] - _middle(h, random), 0), height - h)
        return cls(x, y, w, h, flip)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the result."""
        return (self.width, self.height) if self.flip.swap else (self.height, self.width)

    def enlarged(self, factor: int) -> "Crop":
        """The same part in pixels that are `factor` times smaller."""
        return Crop(self.x * factor, self.y * factor, self.width * factor, self.height * factor, self.flip)

    def events(self, events: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The events inside, in px of the result; a copy."""
        x, y = events["x"].astype(np.int32) - self.x, events["y"].astype(np.int32) - self.y
        inside = (x >= 0) & (x < self.width) & (y >= 0) & (y < self.height)
        found, x, y = events[inside], x[inside], y[inside]
        x = self.width - 1 - x if self.flip.x else x
        y = self.height - 1 - y if self.flip.y else y
        found["x"], found["y"] = (y, x) if self.flip.swap else (x, y)
        return found

    def images(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The part of images (..., H, W)."""
        part = images[..., self.y : self.y + self.height, self.x : self.x + self.width]
        part = part[..., ::-1] if self.flip.x else part
        part = part[..., ::-1, :] if self.flip.y else part
        return np.ascontiguousarray(part.swapaxes(-1, -2) if self.flip.swap else part)

    def flow(self, flow: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The part of flow (..., 2, H, W), x then y: its vectors are flipped with it."""
        part = self.images(flow)
        signs = np.array([-1 if self.flip.x else 1, -1 if self.flip.y else 1], part.dtype)
        part = part * signs[:, None, None]
        return np.ascontiguousarray(part[..., ::-1, :, :]) if self.flip.swap else part


def _middle(length: int, random: np.random.Generator) -> int:
    """A random position in the middle half of that many, counted from 0."""
    return int(random.integers(length // 4, length - length // 4))

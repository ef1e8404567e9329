"""Where the pixels of a block lie in memory: rows of all images one below the other, with margins at both ends."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

# Working set of one band of rows in bytes, as measured: for large products, and for small ones, of which every call
# weighs more.
BAND_BYTES = 3 << 20
OWN_BYTES = 16 << 20


@dataclass(frozen=True)
class Frame:
    """Memory layout (channel, image, [slice,] row, column) of a batch, every row extended at both ends.

    Attributes:
        batch: Images.
        spatial: Pixels along each spatial axis, the fastest last.
        margin: Pixels by which a row is extended at both ends.
    """

    batch: int
    spatial: tuple[int, ...]
    margin: int

    @property
    def columns(self) -> int:
        """Pixels in a row without its margins."""
        return self.spatial[-1]

    @property
    def pitch(self) -> int:
        """Pixels in a row with its margins."""
        return self.spatial[-1] + 2 * self.margin

    @property
    def rows(self) -> int:
        """Rows of all images together."""
        return self.batch * math.prod(self.spatial[:-1])

    @property
    def planes(self) -> tuple[int, ...]:
        """Shape of one channel without margins: (image, [slice,] row, column)."""
        return (self.batch, *self.spatial)

    def padded(self, channels: int) -> tuple[int, ...]:
        """Shape of some channels with margins."""
        return (channels, self.batch, *self.spatial[:-1], self.pitch)

    def inside(self, extended: Tensor) -> Tensor:
        """The view without the margins."""
        return extended.narrow(-1, self.margin, self.columns)

    def band(self, planes: int, item_bytes: int, cached: int = BAND_BYTES) -> int:
        """Pixels of the whole rows over which that many planes stay in cache."""
        rows = max(1, cached // (planes * self.pitch * item_bytes))
        pieces = -(-self.rows // rows)
        return -(-self.rows // pieces) * self.pitch

    def bands(self, planes: int, item_bytes: int, cached: int = BAND_BYTES) -> Iterator[tuple[int, int]]:
        """Ranges (first, end) of pixels, each of whole rows, over which that many planes stay in cache."""
        step, pixels = self.band(planes, item_bytes, cached), self.rows * self.pitch
        for first in range(0, pixels, step):
            yield first, min(first + step, pixels)

"""How the tiles of a Winograd convolution are walked: some rows at a time, side by side, through scratch memory."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from wholefield.kernels import winograd_lines as lines
from wholefield.kernels.scratch import Use, room
from wholefield.kernels.threads import Part, parts_of, run_compiled

SCRATCH = 20 * 2**20
"""Bytes of factors, and of products, that are worked on at a time at most: more would not make the products faster."""

LEAST_SCRATCH = 2 * 2**20
"""With fewer, products of too few rows become slow; they also do with fewer bytes than the filters' factors have."""

SMALL_FILTERS = 5 * 2**19
"""Bytes of the filters' factors up to which every thread takes its tiles through all steps by itself.

Then a thread's factors and products stay in its cache, and no thread waits for another. With larger filters the threads
share each step: there the gradients of the filters are too large to have them once for each thread.
"""


class Image(NamedTuple):
    """An image as the compiled loops take it."""

    flat: Any
    shape: lines.Shape

    @classmethod
    def of(cls, image: Tensor) -> "Image":
        """An image (batch, channels, height, width), copied only where a row's pixels do not lie side by side."""
        channels, height, width = image.shape[1:]
        if image.stride(1) != 1 or image.stride(3) != channels or min(image.stride()) < 1:
            image = image.contiguous(memory_format=torch.channels_last)
        extent = sum((n - 1) * step for n, step in zip(image.shape, image.stride(), strict=True)) + 1
        flat = image.detach().as_strided((extent,), (1,)).numpy()
        return cls(flat, (height, width * channels, image.stride(0), image.stride(2)))

    def no_rows(self) -> Any:
        """(0, width * channels)."""
        return np.empty((0, self.shape[1]), self.flat.dtype)

    def two_rows(self, number: int, y: int) -> Any:
        """The view (2, width * channels) of two rows."""
        _, length, image_step, row_step = self.shape
        start = number * image_step + y * row_step
        return np.lib.stride_tricks.as_strided(
            self.flat[start:], (2, length), (row_step * self.flat.itemsize, self.flat.itemsize)
        )


class Seam(NamedTuple):
    """The two rows of an image to which the tile rows on both sides of a cut add.

    Attributes:
        rows: View of the rows, (2, width * channels), cleared; the tile row behind the cut adds to them.
        tail: What the tile row before the cut adds, to be added when both are done; (0, width * channels) where the cut
            lies between two images, which share no rows.
    """

    rows: Any
    tail: Any

    @classmethod
    def at(cls, end: int, down: int, image: Image) -> "Seam":
        """The seam before a tile row, counted over images of that many rows."""
        if end % down == 0:
            return cls(image.no_rows(), image.no_rows())
        rows = image.two_rows(end // down, end % down * 4)
        rows[:] = 0
        return cls(rows, np.empty_like(rows))

    def close(self) -> None:
        """Add the tail."""
        self.rows[:] += self.tail


class Walk(NamedTuple):
    """The tile rows of a result.

    Attributes:
        down: Tile rows of an image.
        across: Tiles of a row.
        parts: The tile rows that each thread takes by itself; one part where the threads share each step.
        together: How many tile rows are worked on at a time.
        each: Factors of a tile row.
        dtype: Type of the factors.
    """

    down: int
    across: int
    parts: list[Part]
    together: int
    each: int
    dtype: torch.dtype

    @classmethod
    def over(cls, shape: Sequence[int], filters: Sequence[int], dtype: torch.dtype) -> "Walk":
        """Those of a result (batch, height, width) for that many channels out and in."""
        itemsize = dtype.itemsize
        down, across = -(-shape[1] // 4), -(-shape[2] // 4)
        each, filter_bytes = 36 * across * max(filters), 36 * prod(filters) * itemsize
        scratch = min(SCRATCH, max(LEAST_SCRATCH, filter_bytes))
        count = shape[0] * down
        parts = parts_of(0, count, each) if filter_bytes <= SMALL_FILTERS else [(0, count)]
        return cls(down, across, parts, max(1, scratch // (each * itemsize)), each, dtype)

    @classmethod
    def of(cls, result: Tensor, weight: Tensor) -> "Walk":
        """Those of a result (batch, channels, height, width)."""
        return cls.over((result.shape[0], *result.shape[2:]), weight.shape[:2], weight.dtype)

    def rows(self, part: Part) -> Iterator["Rows"]:
        """The tile rows of a part, some at a time."""
        first, last = part
        for start in range(first, last, self.together):
            yield Rows(self, start, min(last, start + self.together))


class Rows(NamedTuple):
    """Some rows of tiles.

    Attributes:
        walk: The tile rows of which they are some.
        first: The first.
        last: Behind the last.
    """

    walk: Walk
    first: int
    last: int

    def room(self, use: Use, channels: int) -> Tensor:
        """Room for factors or products of that many channels: (6, 6, tiles, channels)."""
        return room(use, (6, 6, (self.last - self.first) * self.walk.across, channels), self.walk.dtype)

    def powers(self) -> Tensor:
        """Room for a sum of fourth powers of every tile."""
        return room(Use.POWERS, ((self.last - self.first) * self.walk.across,), self.walk.dtype)

    def share(self, walk: Callable[..., None], *arrays: Any) -> None:
        """Let the threads walk the tile rows side by side."""
        k = constants(arrays[0].dtype)
        run_compiled([(walk, *arrays, self._grid(), *part, k) for part in self._parts()])

    def overlay(self, factors: Tensor, image: Image, seam: Seam | None) -> None:
        """Lay the gradients of the tiles over each other in an image.

        Args:
            factors: What comes of them, (6, 6, tiles, channels).
            image: What they are laid in.
            seam: The one before the next tile row, if another thread may be there.
        """
        parts, k = self._parts(), constants(image.flat.dtype)
        inner = [Seam.at(end, self.walk.down, image) for _, end in parts[:-1]]
        tails = [*(s.tail for s in inner), image.no_rows() if seam is None else seam.tail]
        run_compiled(
            [
                (lines.gradient_of_factors, factors.numpy(), *image, tail, self._grid(), *part, k)
                for part, tail in zip(parts, tails, strict=True)
            ]
        )
        for each in inner:
            each.close()

    def _parts(self) -> list[Part]:
        return parts_of(self.first, self.last, self.walk.each)

    def _grid(self) -> lines.Grid:
        return self.walk.down, self.walk.across, self.first


@cache
def constants(dtype: Any) -> Any:
    """The constants of the maps in a type."""
    return lines.constants(np.dtype(dtype))

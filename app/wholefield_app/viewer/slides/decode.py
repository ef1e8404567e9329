"""Reading tiles of the display pyramid and turning them into pictures; runs in the loader's threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from wholefield_app.viewer.slides.pyramid import DisplayLevel, TileKey, display_levels

if TYPE_CHECKING:
    from wholefield.sources import ChannelDisplay, ImageSource

# Stored px that are read at once along one axis: small enough to stop quickly, large enough to be quick.
BLOCK = 2048
SHOW_EVERY_S = 0.25

FORMATS = {
    3: (QImage.Format.Format_RGB888, QImage.Format.Format_RGB32),
    4: (QImage.Format.Format_RGBA8888_Premultiplied, QImage.Format.Format_ARGB32_Premultiplied),
}


def ignore(image: QImage) -> None:
    """Show nothing of unfinished tiles."""


class TileReader:
    """Reads tiles of one source. May be called from several threads at once.

    Attributes:
        source: Where the pixels come from.
        levels: The display pyramid of the source.
        channels: How each channel is shown; None for what the file says or its values suggest. Another one counts for
            the tiles that are read from then on.
    """

    def __init__(self, source: ImageSource, channels: Sequence[ChannelDisplay] | None = None) -> None:
        """Prepare to read; nothing is read yet.

        Args:
            source: Where the pixels come from.
            channels: How each channel is shown; by default as the file says or as its values suggest.
        """
        self.source = source
        self.levels = display_levels(source.levels)
        self.channels = channels
        self._suggested: Sequence[ChannelDisplay] | None = None
        self._decided = False
        self._deciding = threading.Lock()

    def __call__(
        self, key: TileKey, unwanted: Callable[[], bool], show: Callable[[QImage], None] = ignore
    ) -> QImage | None:
        """The picture of one tile, averaged down where its display level asks for it.

        Args:
            key: Which tile.
            unwanted: Asked between blocks; True gives up.
            show: Takes what there is of a tile that takes long, an image that is transparent where nothing is yet.

        Returns:
            An RGB32 image of at most TILE x TILE px, or None if it was given up.

        Raises:
            SourceError: The file cannot be read.
        """
        level = self.levels[key.level]
        x, y, width, height = level.stored_region(key.column, key.row)
        channels = self._settled_channels()
        parts = list(blocks(width, height, level.reduction))
        if len(parts) > 1:
            return self._assemble(level, (x, y, width, height), channels, unwanted, show)
        return None if unwanted() else to_image(self._read(level, x, y, width, height, channels))

    def _assemble(
        self,
        level: DisplayLevel,
        region: tuple[int, int, int, int],
        channels: Sequence[ChannelDisplay] | None,
        unwanted: Callable[[], bool],
        show: Callable[[QImage], None],
    ) -> QImage | None:
        x, y, width, height = region
        reduction = level.reduction
        pixels = np.zeros((-(-height // reduction), -(-width // reduction), 4), np.uint8)
        shown = time.monotonic()
        for left, top, block_width, block_height in blocks(width, height, reduction):
            if unwanted():
                return None
            small = self._read(level, x + left, y + top, block_width, block_height, channels)
            part = pixels[top // reduction :, left // reduction :][: small.shape[0], : small.shape[1]]
            part[..., :3], part[..., 3] = small, 255
            if time.monotonic() - shown > SHOW_EVERY_S:
                show(to_image(pixels))
                shown = time.monotonic()
        return to_image(pixels).convertToFormat(QImage.Format.Format_RGB32)

    def _read(
        self,
        level: DisplayLevel,
        x: int,
        y: int,
        width: int,
        height: int,
        channels: Sequence[ChannelDisplay] | None,
    ) -> npt.NDArray[np.uint8]:
        from wholefield.sources import to_display

        stored = self.source.read_region(level.stored, x, y, width, height)
        return np.ascontiguousarray(to_display(self.source.reduced(stored, level.reduction), channels))

    def _settled_channels(self) -> Sequence[ChannelDisplay] | None:
        if self.channels is not None:
            return self.channels
        # The windows come from an overview of the whole image: read here, once, and not in the GUI thread.
        with self._deciding:
            if not self._decided:
                from wholefield.sources import default_display

                self._suggested = default_display(self.source)
                self._decided = True
        return self._suggested


def blocks(width: int, height: int, reduction: int) -> Iterator[tuple[int, int, int, int]]:
    """(left, top, width, height) of the blocks of a region; all but the last are multiples of the reduction."""
    side = max(BLOCK // reduction, 1) * reduction
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(side, width - left), min(side, height - top)


def to_image(pixels: npt.NDArray[np.uint8]) -> QImage:
    """An image with its own memory, in the format that is painted fastest.

    Args:
        pixels: (height, width, 3 or 4) uint8, C-contiguous: red, green, blue and perhaps alpha (0 or 255).

    Returns:
        RGB32 without alpha, otherwise ARGB32_Premultiplied.
    """
    height, width, channels = pixels.shape
    given, wanted = FORMATS[channels]
    return QImage(pixels.data, width, height, width * channels, given).convertToFormat(wanted)

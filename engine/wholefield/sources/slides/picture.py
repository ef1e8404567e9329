"""PNG and JPEG pictures: decoded once, held in memory, one level."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.reading import closed
from wholefield.sources.slides.colors.opacity import over_white
from wholefield.sources.slides.image import AnyArray, Description, ImageSource, levels_from_sizes


class PictureSource(ImageSource):
    """A picture in memory."""

    def __init__(self, path: Path, description: Description, pixels: AnyArray) -> None:
        super().__init__(path, description)
        self._pixels: AnyArray | None = pixels

    def close(self) -> None:
        """Release the pixels."""
        self._pixels = None

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        pixels = self._pixels
        if pixels is None:
            raise closed(self.name)
        return pixels[y : y + height, x : x + width].copy()


def open_picture(path: Path) -> PictureSource:
    """Open a PNG or JPEG.

    Raises:
        SourceError: The file is damaged or cut off.
    """
    data = path.read_bytes()
    kind = "PNG" if data.startswith(b"\x89PNG") else "JPEG"
    decode = imagecodecs.png_decode if kind == "PNG" else imagecodecs.jpeg8_decode
    try:
        if kind == "JPEG" and not jpeg_is_complete(data):
            raise ValueError("its end is missing")
        stored = np.asarray(decode(data))
    except Exception as error:  # codecs raise errors of their own kinds
        raise SourceError(f"{path} is a damaged {kind} ({error}); copy it again from its source.") from error
    pixels = without_alpha(stored if stored.ndim == 3 else stored[..., None])
    height, width, channels = pixels.shape
    sizes = [(width, height)]
    description = Description(kind, levels_from_sizes(sizes), channels, pixels.dtype, None, {})
    return PictureSource(path, description, pixels)


def jpeg_is_complete(data: bytes) -> bool:
    """Whether the end marker follows the compressed data; decoders fill up what is missing with gray.

    Walks over the marker segments to the first scan, because a preview among them has an end of its own.
    """
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        if data[position + 1] == 0xDA:
            return data.find(b"\xff\xd9", position) >= 0
        if data[position + 1] == 0xFF:
            position += 1
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return False


def without_alpha(pixels: AnyArray) -> AnyArray:
    """Gray (1) or color (3) channels of a picture (height, width, 1 to 4).

    Transparent 8-bit colors are laid over white; other opacities are left out.
    """
    if pixels.shape[2] == 4 and pixels.dtype == np.uint8:
        return over_white(pixels[..., :3], pixels[..., 3], premultiplied=False)
    return pixels[..., : 1 if pixels.shape[2] < 3 else 3]

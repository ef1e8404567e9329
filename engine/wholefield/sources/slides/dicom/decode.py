"""From the bytes of a DICOM frame to pixels: codecs by transfer syntax, colors by photometric interpretation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from wholefield.errors import SourceError
from wholefield.sources.slides.colors.ycbcr import YCbCr
from wholefield.sources.slides.dicom.frames import FrameFile
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.tiff.segments import refuse_larger_jpeg, refuse_trap

JPEGS = (JPEGBaseline8Bit, JPEGExtended12Bit)
# Lossless, JPEG packed again, and the rest; pydicom has no names for them yet.
JPEG_XL = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112))
CODECS: dict[str, Callable[[bytes], Any]] = {
    JPEGLossless: imagecodecs.ljpeg_decode,
    JPEGLosslessSV1: imagecodecs.ljpeg_decode,
    JPEGLSLossless: imagecodecs.jpegls_decode,
    JPEGLSNearLossless: imagecodecs.jpegls_decode,
    JPEG2000: imagecodecs.jpeg2k_decode,
    JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    HTJ2K: imagecodecs.jpeg2k_decode,
    HTJ2KLossless: imagecodecs.jpeg2k_decode,
    HTJ2KLosslessRPCL: imagecodecs.jpeg2k_decode,
    **dict.fromkeys(JPEG_XL, imagecodecs.jpegxl_decode),
}
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
# In JPEG 2000 these two are undone by the decoder; in JPEG all of them are.
COLOR_DIFFERENCES = ("YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


class FrameDecoder:
    """Decodes the frames of one file.

    Attributes:
        shape: (height, width) of a frame.
        channels: 3 for colors, else 1.
        dtype: Type of the pixels as shown.
    """

    def __init__(self, file: FrameFile) -> None:
        """Look at how the pixels are stored.

        Raises:
            SourceError: Their kind is not read.
        """
        header = file.header
        self._file = file
        self._samples = int(header.get("SamplesPerPixel", 1))
        self._photometric = str(header.get("PhotometricInterpretation", "MONOCHROME2"))
        self._planar = int(header.get("PlanarConfiguration", 0) or 0)
        self._bits = int(header.get("BitsStored", header.BitsAllocated))
        self.shape = int(header.Rows), int(header.Columns)
        allocated = int(header.BitsAllocated)
        signed = int(header.get("PixelRepresentation", 0)) == 1
        if allocated not in (1, 8, 16, 32) or min(self.shape) < 1 or self._samples not in (1, 3):
            raise self._refusal(f"{allocated} bits a pixel and {self._samples} samples")
        self._stored = np.dtype(f"{'i' if signed else 'u'}{max(allocated // 8, 1)}")
        known = file.syntax in CODECS or file.syntax in JPEGS or file.syntax == RLELossless
        if not known and file.syntax.is_compressed:
            raise self._refusal(f"the encoding {file.syntax.name}")
        if self._photometric == "YBR_FULL_422" and not file.syntax.is_compressed:
            raise self._refusal("subsampled colors without compression")
        self.channels = 3 if self._samples == 3 or self._photometric == "PALETTE COLOR" else 1
        self.dtype = self._stored
        if self._photometric == "PALETTE COLOR":
            self._palette: AnyArray | None = palette_of(header)
            self.dtype = np.dtype(np.uint8)
        else:
            self._palette = None

    def decode(self, number: int) -> AnyArray:
        """Pixels (height, width, channels) of a frame as they are shown.

        Raises:
            SourceError: It is damaged, or the file is closed.
        """
        values = self.stored(number)
        if self._palette is not None:
            return self._palette[np.minimum(values[..., 0], len(self._palette) - 1)]
        if self._photometric == "MONOCHROME1" and values.dtype.kind == "u":
            return values.dtype.type(2**self._bits - 1) - values
        return values

    def stored(self, number: int) -> AnyArray:
        """The numbers of a frame (height, width, samples); colors are red, green and blue.

        Raises:
            SourceError: It is damaged, or the file is closed.
        """
        data = self._file.frame(number)
        try:
            values = self._samples_of(data, number)
        except SourceError:
            raise
        except Exception as error:  # codecs raise errors of their own kinds
            raise SourceError(
                f"{self._file.path} is damaged: its frame {number + 1} cannot be decoded ({error}); copy it again."
            ) from error
        if values.shape != (*self.shape, self._samples):
            raise SourceError(
                f"{self._file.path} is damaged: its frame {number + 1} has the size {values.shape[:2]}."
            )
        return values

    def _samples_of(self, data: bytes, number: int) -> AnyArray:
        height, width = self.shape
        syntax = self._file.syntax
        refuse_trap(height * width * self._samples * self._stored.itemsize, len(data))
        if syntax in JPEGS:
            differences = self._photometric in COLOR_DIFFERENCES
            stored = "GRAYSCALE" if self._samples == 1 else "YCBCR" if differences else "RGB"
            wanted = "GRAYSCALE" if self._samples == 1 else "RGB"
            refuse_larger_jpeg(data, height * width)
            pixels = imagecodecs.jpeg8_decode(data, colorspace=stored, outcolorspace=wanted)
            return np.asarray(pixels).reshape(height, width, self._samples)
        if syntax in CODECS:
            values = np.asarray(CODECS[syntax](data)).reshape(height, width, self._samples)
            # JPEG 2000 undoes its own color transforms, and JPEG XL all of them.
            undone = syntax in JPEG_XL or self._photometric in ("YBR_ICT", "YBR_RCT")
            return self._rgb(values, undone=undone)
        if self._file.single_bits:
            bit = self._file.bit_of(number)
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
            return bits[bit : bit + height * width].reshape(height, width, 1)
        if syntax == RLELossless:
            planes = imagecodecs.dicomrle_decode(data, self._stored.newbyteorder("<"))
            values = np.frombuffer(planes, self._stored.newbyteorder("<")).reshape(
                self._samples, height, width
            )
            return self._rgb(np.moveaxis(values, 0, -1).astype(self._stored), undone=False)
        values = np.frombuffer(data, self._stored.newbyteorder("<")).astype(self._stored)
        if self._planar and self._samples > 1:
            return self._rgb(np.moveaxis(values.reshape(self._samples, height, width), 0, -1), undone=False)
        return self._rgb(values.reshape(height, width, self._samples), undone=False)

    def _rgb(self, values: AnyArray, *, undone: bool) -> AnyArray:
        if self._samples == 3 and self._photometric in COLOR_DIFFERENCES and not undone:
            return YCbCr().to_rgb(values)
        return values.astype(self._stored, copy=False)

    def _refusal(self, what: str) -> SourceError:
        return SourceError(f"{self._file.path} has {what}, which is not read; export it in another way.")


def palette_of(header: Any) -> npt.NDArray[np.uint8]:
    """The colors (entries, 3) of a DICOM palette, from its first number on; numbers before have the first color."""
    columns = []
    for color in ("Red", "Green", "Blue"):
        entries, first, bits = (int(v) for v in header[f"{color}PaletteColorLookupTableDescriptor"].value)
        entries = entries or 65536
        data = header[f"{color}PaletteColorLookupTableData"].value
        wide = bits == 16 and len(data) >= 2 * entries
        values = np.frombuffer(data, "<u2" if wide else np.uint8)[:entries].astype(np.uint16)
        shown = (values >> 8 if wide and values.max(initial=0) > 255 else values).astype(np.uint8)
        columns.append(np.concatenate([np.repeat(shown[:1], max(first, 0)), shown]))
    return np.stack(columns, axis=-1)

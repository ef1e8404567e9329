"""One open DICOM file of many frames, each read by itself."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import pydicom
from pydicom.uid import UID

from wholefield.errors import SourceError
from wholefield.sources.dicom.frames import Places, packed_frame, packed_places, plain_frame
from wholefield.sources.dicom.headers import layout_of
from wholefield.sources.dicom.layout import (
    HeaderError,
    PixelLayout,
    UnsupportedError,
    check_layout,
    find_pixels,
)
from wholefield.sources.dicom.syntaxes import DEFLATED, check_syntax, guessed_syntax
from wholefield.sources.dicom_tags import HEAD_BYTES
from wholefield.sources.reading import closed, damaged, reason_of, unreadable


class FrameFile:
    """One open DICOM file. Frames may be read from several threads.

    Attributes:
        path: The file.
        header: Everything but the pixels.
        syntax: How the frames are encoded.
        layout: How their pixels are stored.
        frames: Number of them.
        size: Bytes of the file.
    """

    def __init__(self, path: Path, what: str = "a DICOM slide") -> None:
        """Read the header and find the frames.

        Args:
            path: The file.
            what: It is said to be where its header makes no sense.

        Raises:
            SourceError: The file is damaged or cut off, or encoded in a way that is not read.
        """
        self.path = path
        self._lock = Lock()
        self._file: BinaryIO | None = path.open("rb")
        try:
            self._read_header(self._file)
        except SourceError:
            self.close()
            raise
        except HeaderError as error:
            self.close()
            raise damaged(path, error) from error
        except UnsupportedError as error:
            self.close()
            raise SourceError(f"{path} cannot be shown: {error}") from error
        except Exception as error:  # damaged headers raise errors of many kinds
            self.close()
            raise unreadable(path, what, error) from error

    def close(self) -> None:
        """Close the file once no thread reads from it."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def frame(self, number: int) -> bytes:
        """The bytes of a frame; those of one with single bits begin at the byte of its first bit.

        Raises:
            HeaderError: Its items are damaged.
            SourceError: The file is closed or cut off.
        """
        if self._places is None:
            return plain_frame(self._read, self.layout, number)
        offsets, lengths = self._places
        return packed_frame(self._read, int(offsets[number]), int(lengths[number]))

    def _read_header(self, file: BinaryIO) -> None:
        self._refuse_deflated(file)
        # By force: some have no preamble.
        self.header: Any = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        implicit, little = self.header.original_encoding
        self.size = self.path.stat().st_size
        pixels = find_pixels(file, self.size, implicit, little)
        if pixels is None:
            raise SourceError(f"{self.path} is DICOM without pixels; it may be cut off: copy it again.")
        named = str(getattr(self.header, "file_meta", {}).get("TransferSyntaxUID") or "")
        self.syntax = UID(named or guessed_syntax(file, pixels, implicit, little))
        if not little or not self.syntax.is_little_endian:
            raise SourceError(
                f"{self.path} is encoded as {self.syntax.name}, which cannot be opened here; convert it first."
            )
        check_syntax(self.syntax)
        self.layout: PixelLayout = layout_of(self.header, pixels, str(self.syntax), little)
        check_layout(self.layout)
        self.frames = self.layout.frames
        self._places: Places | None = None
        if pixels.encapsulated:
            self._places = packed_places(self._read, self.layout, self._extended_table())

    def _extended_table(self) -> tuple[bytes, bytes] | None:
        offsets = self.header.get("ExtendedOffsetTable")
        return (offsets, self.header.ExtendedOffsetTableLengths) if offsets else None

    def _refuse_deflated(self, file: BinaryIO) -> None:
        """Before anything is inflated: a small file can hold gigabytes."""
        is_deflated = DEFLATED.encode() in file.read(HEAD_BYTES)
        file.seek(0)
        if is_deflated:
            raise SourceError(
                f"{self.path} is deflated as a whole, which cannot be opened here; convert it first."
            )

    def _read(self, position: int, count: int) -> bytes:
        with self._lock:
            if self._file is None:
                raise closed(self.path.name)
            # What lies behind the end takes no memory.
            if position + count > self.size:
                raise SourceError(f"{self.path} ends too early; copy it again.")
            try:
                self._file.seek(position)
                data = self._file.read(count)
            except OSError as error:
                raise SourceError(
                    f"{self.path} cannot be read ({reason_of(error)}); check its disk."
                ) from error
        if len(data) != count:
            raise SourceError(f"{self.path} ends too early; copy it again.")
        return data

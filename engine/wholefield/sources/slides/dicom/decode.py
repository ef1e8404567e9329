"""From the frames of a DICOM slide to pixels as they are shown, and to the numbers that are stored."""

from __future__ import annotations

from dataclasses import replace

from wholefield.errors import SourceError
from wholefield.sources.dicom.colors import check_colors
from wholefield.sources.dicom.decoding import colors_of, decode
from wholefield.sources.dicom.frame_file import FrameFile
from wholefield.sources.dicom.layout import PixelLayout, UnsupportedError
from wholefield.sources.dicom.syntaxes import BASELINE, marked_luma
from wholefield.sources.slides.image import AnyArray

MOST_BITS = 32
INVERTED = "MONOCHROME1"


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
        self._file = file
        # Where tags and markers contradict each other, other readers of slides follow the tags.
        self._layout = layout = replace(file.layout, tagged=True)
        if layout.element.real or layout.allocated > MOST_BITS:
            raise SourceError(
                f"{file.path} has pixels of {layout.dtype}, which slides are not read with; export it in another way."
            )
        if layout.samples == 3:
            try:
                check_colors(colors_of(layout))
            except UnsupportedError as error:
                raise SourceError(f"{file.path} cannot be shown: {error}") from error
        self.shape = layout.rows, layout.columns
        self.channels = layout.channels
        self.dtype = layout.shown

    def decode(self, number: int) -> AnyArray:
        """Pixels (height, width, channels) of a frame as they are shown.

        Raises:
            SourceError: It is damaged, or the file is closed.
        """
        layout = self._layout
        values = self._decoded(number, layout)
        if layout.photometric == INVERTED and layout.table is None and values.dtype.kind == "u":
            return values.dtype.type(2**layout.stored - 1) - values
        return values

    def stored(self, number: int) -> AnyArray:
        """The numbers of a frame (height, width, samples); colors are red, green and blue.

        Raises:
            SourceError: It is damaged, or the file is closed.
        """
        return self._decoded(number, replace(self._layout, palette=None, table=None))

    @property
    def contradicts(self) -> bool:
        """Whether the markers of the first frame, a JPEG in color, say something else of its colors than the tags.

        Raises:
            SourceError: The file is closed or cut off.
        """
        layout = self._layout
        if layout.syntax not in BASELINE or layout.samples != 3:
            return False
        marked = marked_luma(self._file.frame(0))
        return marked is not None and marked == (layout.photometric == "RGB")

    def _decoded(self, number: int, layout: PixelLayout) -> AnyArray:
        try:
            values = decode(self._file.frame(number), layout, number)
        except SourceError:
            raise
        except Exception as error:  # codecs raise errors of their own kinds
            raise SourceError(
                f"{self._file.path} is damaged: its frame {number + 1} cannot be decoded ({error}); copy it again."
            ) from error
        return values.reshape(*self.shape, -1)

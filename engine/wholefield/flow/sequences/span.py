"""A stretch of the bins of a source, such as the part that is kept for validation."""

import numpy as np

from wholefield.flow.sequences.bins import Bins, BinSource
from wholefield.flow.sequences.crop import Crop


class SpanBins(BinSource):
    """The bins [first, first + count) of another source, counted from 0."""

    def __init__(self, source: BinSource, first: int, count: int) -> None:
        self._source = source
        self._first = first
        self.look_like(source)
        self.start += first
        self.bins = count

    def read(self, first: int, count: int, crop: Crop | None = None) -> Bins:
        """See `BinSource.read`."""
        return self._source.read(self._first + first, count, crop)

    def place(self, first: int, count: int, random: np.random.Generator) -> tuple[int, int] | None:
        """See `BinSource.place`."""
        return self._source.place(self._first + first, count, random)

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def split_in_time(source: BinSource, fraction: float, num_tbins: int) -> tuple[SpanBins, SpanBins]:
    """The beginning for training and the end, a share of whole windows of `num_tbins` bins, for validation.

    The end has at least one window where the source has two, so that something stays for both.
    """
    windows = source.bins // num_tbins
    kept = min(max(round(windows * fraction), 1 if windows > 1 else 0), max(windows - 1, 0)) * num_tbins
    first = source.bins - kept
    return SpanBins(source, 0, first), SpanBins(source, first, kept)

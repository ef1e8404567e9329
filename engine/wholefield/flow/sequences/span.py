"""A range of the bins of a source, such as the part that is held out for validation."""

import numpy as np

from wholefield.flow.sequences.bins import Bins, BinSource
from wholefield.flow.sequences.crop import Crop


class SpanBins(BinSource):
    """The bins [first, first + count) of another source.

    Args:
        source: The other source; closed with this.
        first: The first bin, counted from 0.
        count: Number of bins.

    Attributes:
        first: The first bin.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.sequences import SpanBins, open_bins
        >>> from wholefield.flow.simulator import write_simulation
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=50_000))
        >>> with SpanBins(open_bins(files.recording, "histo", 10_000), first=3, count=2) as span:
        ...     span.bins, span.start
        (2, 3)
    """

    def __init__(self, source: BinSource, first: int, count: int) -> None:
        self._source = source
        self.first = first
        self.look_like(source)
        self.start += first
        self.bins = count

    def read(self, first: int, count: int, crop: Crop | None = None) -> Bins:
        """See `BinSource.read`."""
        return self._source.read(self.first + first, count, crop)

    def place(self, first: int, count: int, random: np.random.Generator) -> tuple[int, int] | None:
        """See `BinSource.place`."""
        return self._source.place(self.first + first, count, random)

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def split_in_time(source: BinSource, fraction: float, num_tbins: int) -> tuple[SpanBins, SpanBins]:
    """Split a source into its beginning for training and its end for validation.

    The end has at least one window where the source has two, so that both parts have something.

    Args:
        source: The source; both parts read from it.
        fraction: Share of the windows for validation.
        num_tbins: Bins of a window; the end has whole windows.

    Returns:
        The beginning and the end.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.sequences import open_bins, split_in_time
        >>> from wholefield.flow.simulator import write_simulation
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=50_000))
        >>> with open_bins(files.recording, "histo", 10_000) as source:
        ...     [part.bins for part in split_in_time(source, fraction=0.4, num_tbins=1)]
        [3, 2]
    """
    windows = source.bins // num_tbins
    kept = min(max(round(windows * fraction), 1 if windows > 1 else 0), max(windows - 1, 0)) * num_tbins
    first = source.bins - kept
    return SpanBins(source, 0, first), SpanBins(source, first, kept)

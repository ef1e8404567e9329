"""Where an image is cut into strips, and what the forward pass keeps of the rows in front of each."""

from torch import Tensor


def strips(length: int, strip: int) -> list[tuple[int, int]]:
    """An axis cut into strips (first, end), the last of them the shortest."""
    return [(first, min(first + strip, length)) for first in range(0, length, strip)]


class Cuts:
    """All channels of an image over the last rows in front of every strip.

    Args:
        length: Rows (slices) of the image.
        strip: Rows of a strip.
        margin: Rows to keep in front of each.
    """

    def __init__(self, length: int, strip: int, margin: int) -> None:
        self._spans = {first: max(0, first - margin) for first, _ in strips(length, strip) if first}
        self._rows: dict[int, Tensor] = {}

    def see(self, first: int, channels: Tensor) -> None:
        """Keep what is needed of the next rows, (channels, rows, pixels with margins)."""
        end = first + channels.shape[1]
        for stop, start in self._spans.items():
            low, high = max(first, start), min(end, stop)
            if low >= high:
                continue
            if stop not in self._rows:
                self._rows[stop] = channels.new_empty(len(channels), stop - start, channels.shape[2])
            self._rows[stop][:, low - start : high - start] = channels[:, low - first : high - first]

    def above(self, first: int) -> Tensor | None:
        """The rows in front of a strip, (channels, rows, pixels with margins); None in front of the first."""
        return self._rows[first] if first else None

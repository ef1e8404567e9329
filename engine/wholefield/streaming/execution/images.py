"""Images that are read box by box, so that they need not fit in memory."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from wholefield.streaming.execution.halo import cut
from wholefield.streaming.execution.tile import ReadImage
from wholefield.streaming.geometry.spans import Spans


@runtime_checkable
class LazyImage(Protocol):
    """A batch of images that is read box by box.

    Attributes:
        shape: (batch, channels, *axes).
        dtype: Element type of what is read.
        device: Device of what is read.
    """

    shape: torch.Size
    dtype: torch.dtype
    device: torch.device

    def read(self, spans: Spans) -> Tensor:
        """Read a box.

        Args:
            spans: (start, stop) per axis in pixels, inside the image.

        Returns:
            (batch, channels, *box).
        """
        ...


class ReadAhead:
    """Reads the boxes of the next tiles in a thread while tiles are computed.

    All is read by that thread, one box after the other. Use it as a context manager; the thread ends with the block.
    """

    def __init__(self, read: ReadImage, boxes: Sequence[Spans], ahead: int = 1) -> None:
        """Prepare to read.

        Args:
            read: Reads a box.
            boxes: All boxes in about the order in which they will be read.
            ahead: How many boxes to hold that nobody has asked for yet.
        """
        self._read = read
        self._boxes: Iterator[Spans] = iter(boxes)
        self._ahead = ahead
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="wholefield-read-ahead")
        self._coming: dict[Spans, Future[Tensor]] = {}
        # Boxes that were asked for before their turn.
        self._early: Counter[Spans] = Counter()
        self._lock = Lock()

    def __enter__(self) -> "ReadAhead":
        with self._lock:
            self._order()
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __call__(self, spans: Spans) -> Tensor:
        """The pixels of a box; starts to read the next. Any thread may ask."""
        with self._lock:
            coming = self._coming.pop(spans, None)
            if coming is None:
                self._early[spans] += 1
                coming = self._pool.submit(self._read, spans)
        block = coming.result()
        with self._lock:
            self._order()
        return block

    def _order(self) -> None:
        while len(self._coming) < self._ahead and (spans := next(self._boxes, None)) is not None:
            if self._early[spans]:
                self._early[spans] -= 1
            else:
                self._coming[spans] = self._pool.submit(self._read, spans)


def reader_of(image: Tensor | LazyImage) -> ReadImage:
    """A function that reads boxes of a tensor or a lazily read image."""
    if not isinstance(image, Tensor):
        return image.read
    axes = tuple(range(2, image.ndim))
    whole = tuple((0, length) for length in image.shape[2:])
    return lambda spans: cut(image, axes, whole, spans)

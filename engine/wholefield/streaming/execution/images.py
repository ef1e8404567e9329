"""Images that are read box by box, so that they need not fit in memory."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
    """Reads the box of the next tile in a thread while the current tile is computed.

    Use it as a context manager; the thread ends with the block.
    """

    def __init__(self, read: ReadImage, boxes: Sequence[Spans]) -> None:
        """Prepare to read.

        Args:
            read: Reads a box.
            boxes: All boxes in the order in which they will be read.
        """
        self._read = read
        self._boxes: Iterator[Spans] = iter(boxes)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="wholefield-read-ahead")
        self._next: tuple[Spans, Future[Tensor]] | None = None

    def __enter__(self) -> "ReadAhead":
        self._order()
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __call__(self, spans: Spans) -> Tensor:
        """The pixels of a box; starts to read the next."""
        if self._next is None or self._next[0] != spans:
            return self._read(spans)
        block = self._next[1].result()
        self._order()
        return block

    def _order(self) -> None:
        spans = next(self._boxes, None)
        self._next = None if spans is None else (spans, self._pool.submit(self._read, spans))


def reader_of(image: Tensor | LazyImage) -> ReadImage:
    """A function that reads boxes of a tensor or a lazily read image."""
    if not isinstance(image, Tensor):
        return image.read
    axes = tuple(range(2, image.ndim))
    whole = tuple((0, length) for length in image.shape[2:])
    return lambda spans: cut(image, axes, whole, spans)

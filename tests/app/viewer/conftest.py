"""Images held in memory, and viewers that end their threads with the test."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from wholefield.errors import SourceError
from wholefield.sources.slides.image import AnyArray, Description, ImageSource, levels_from_sizes
from wholefield_app.viewer.slides.view import SlideView


class ArraySource(ImageSource):
    """A pyramid of arrays (height, width, channels).

    Attributes:
        reads: (level, x, y, width, height) of every region read, in order.
        gate: Reading waits until it is set.
        broken: Regions for which reading fails, by level.
    """

    def __init__(self, arrays: list[AnyArray], spacing: tuple[float, float] | None = (0.5, 0.5)) -> None:
        levels = levels_from_sizes([(array.shape[1], array.shape[0]) for array in arrays])
        first = arrays[0]
        super().__init__(
            Path("memory"), Description("memory", levels, first.shape[2], first.dtype, spacing, {})
        )
        self.arrays = arrays
        self.reads: list[tuple[int, int, int, int, int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.broken: set[int] = set()

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        self.reads.append((level, x, y, width, height))
        assert self.gate.wait(300)
        if level in self.broken:
            raise SourceError("memory is damaged; copy it again.")
        return self.arrays[level][y : y + height, x : x + width].copy()


def picture(width: int, height: int) -> AnyArray:
    """Colors that tell every position from its neighbors: (height, width, 3) uint8."""
    x, y = np.arange(width, dtype=np.uint16)[None], np.arange(height, dtype=np.uint16)[:, None]
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = x % 251, y % 241, (x // 7 + y // 5) % 239
    return pixels


def pyramid(width: int, height: int, *factors: int) -> list[AnyArray]:
    """A picture and averages of it by whole factors, their sizes rounded down as scanners do."""
    full = picture(width, height)
    arrays = [full]
    for factor in factors:
        rows, columns = height // factor, width // factor
        blocks = full[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor, 3)
        sums = blocks.sum(axis=3, dtype=np.uint32).sum(axis=1)
        arrays.append(((sums + factor**2 // 2) // factor**2).astype(np.uint8))
    return arrays


@pytest.fixture
def make_source() -> Callable[..., ArraySource]:
    """Makes a source: (width, height, *factors)."""

    def make(width: int, height: int, *factors: int, **options: Any) -> ArraySource:
        return ArraySource(pyramid(width, height, *factors), **options)

    return make


@pytest.fixture
def array_source() -> type[ArraySource]:
    """The class of sources held in memory."""
    return ArraySource


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[SlideView]:
    """A viewer of 640 x 480 px, shown."""
    widget = SlideView()
    qtbot.addWidget(widget)
    widget.resize(640, 480)
    widget.show()
    yield widget
    widget.shutdown()


@pytest.fixture
def settle(qtbot: QtBot) -> Callable[[SlideView], None]:
    """Waits until everything in sight of a viewer is there."""

    def wait(widget: SlideView) -> None:
        qtbot.waitUntil(lambda: widget.is_settled, timeout=10_000)

    return wait


@pytest.fixture
def rgb() -> Callable[[QImage], AnyArray]:
    """Turns an image into an array (height, width, 3) uint8: red, green, blue."""

    def convert(image: QImage) -> AnyArray:
        image = image.convertToFormat(QImage.Format.Format_RGB32)
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
        return pixels[..., 2::-1].copy()

    return convert

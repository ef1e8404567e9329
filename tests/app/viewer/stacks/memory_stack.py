"""A stack held in memory whose values tell every voxel from its neighbors."""

import threading
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource

NO_GEOMETRY = StackGeometry()


class MemoryStack(StackSource):
    """An array (z, y, x).

    Attributes:
        reads: Boxes that were read.
        gate: Reading waits until it is set.
        broken: Whether reading fails.
    """

    def __init__(self, array: AnyArray, geometry: StackGeometry = NO_GEOMETRY) -> None:
        channels = array.shape[3] if array.ndim == 4 else 1
        super().__init__(
            Path("memory.tif"), StackDescription("memory", array.shape[:3], channels, array.dtype, geometry)
        )
        self.array = array
        self.reads: list[Box] = []
        self.gate = threading.Event()
        self.gate.set()
        self.broken = False

    def _read_box(self, box: Box) -> AnyArray:
        self.reads.append(box)
        assert self.gate.wait(300)
        if self.broken:
            raise SourceError("memory.tif is damaged; copy it again.")
        return self.array[box].copy()


def numbered(depth: int = 5, rows: int = 7, columns: int = 9) -> AnyArray:
    """Values z * 100 + y * 10 + x as uint16."""
    z, y, x = np.mgrid[:depth, :rows, :columns]
    return (z * 100 + y * 10 + x).astype(np.uint16)

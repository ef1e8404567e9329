"""A format as another package brings it along: voxels in plain numbers, whose size and type have to be told."""

from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources import Answer, Format, Kind, Question, Reading, UnclearFileError
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource

TYPES = (Answer("uint8", "8 bits"), Answer("uint16", "16 bits"))
SIZE = Question("size", "Size", help="Voxels along x, y and z, such as 4,3,2.", needed=True)
TYPE = Question("type", "Type of voxels", TYPES, help="How each voxel is stored.")
AXES = Question("axes", "Axes", (Answer("zyx", "z y x"), Answer("xyz", "x y z")), help="What the axes are.")
INVERT = Question("invert", "Invert", (Answer("no"), Answer("yes")), help="Whether black is white.")


class ToyStack(StackSource):
    """All of it in memory."""

    def __init__(self, path: Path, voxels: AnyArray) -> None:
        self._voxels = voxels
        warnings = ("The last slice is dark.", "The first slice, too.")
        super().__init__(path, StackDescription("Toy", voxels.shape, 1, voxels.dtype, warnings=warnings))

    def _read_box(self, box: Box) -> AnyArray:
        return self._voxels[box]


def is_toy(path: Path, head: bytes) -> bool:
    del head
    return path.suffix == ".toy"


def open_toy(path: Path, reading: Reading) -> ToyStack:
    """The voxels; refuses where the size is missing or does not fit."""
    reading.only(path, "size", "type", "invert")
    if "size" not in reading:
        raise UnclearFileError(f"{path.name} does not say its size; give it as size=x,y,z.", (SIZE,))
    columns, rows, depth = map(int, reading["size"].split(","))
    values = np.frombuffer(path.read_bytes(), reading.get("type", "uint8"))
    if values.size != depth * rows * columns:
        raise SourceError(
            f"{path.name} holds {values.size} voxels, not {depth * rows * columns}; give another size."
        )
    return ToyStack(path, values.reshape(depth, rows, columns))


def ask_toy(path: Path, reading: Reading) -> tuple[Question, ...]:
    """Size and type always, and how it is shown once the type is told."""
    del path
    return (SIZE, TYPE, INVERT) if reading.get("type") == "uint16" else (SIZE, TYPE)


TOY = Format("Toy", Kind.STACK, (".toy",), is_toy, f"{__name__}:open_toy", asks=f"{__name__}:ask_toy")

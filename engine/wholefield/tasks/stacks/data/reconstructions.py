"""Reconstructions for Noise2Inverse: from stacks that others have made, or from projections, slice by slice."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.numbers import whole_numbers
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.reports import Level, Message, ReportFunction
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield.tomography.noise2inverse import SplitReconstructions, split_reconstructions
from wholefield.tomography.projections import detector_rows, find_center, read_projections

# Detector rows reconstructed at once.
ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class StackParts:
    """Reconstructions in stacks of one size.

    Attributes:
        stacks: one a part.
    """

    stacks: Sequence[StackSource]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(K, slices, rows, columns)."""
        return (len(self.stacks), *self.stacks[0].shape)

    def read(self, at: int, rows: slice, columns: slice) -> Tensor:
        """A part of a slice in all reconstructions: (K, rows, columns)."""
        planes = [stack.read(slice(at, at + 1), rows, columns)[0] for stack in self.stacks]
        return torch.from_numpy(np.stack(planes).astype(np.float32))


@dataclass(frozen=True, eq=False)
class FileParts:
    """Reconstructions in a file of ours, (K, slices, rows, columns) float32.

    Attributes:
        array: the file, mapped.
    """

    array: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(K, slices, rows, columns)."""
        parts, slices, rows, columns = self.array.shape
        return parts, slices, rows, columns

    def read(self, at: int, rows: slice, columns: slice) -> Tensor:
        """A part of a slice in all reconstructions: (K, rows, columns)."""
        return torch.from_numpy(np.array(self.array[:, at, rows, columns]))


def open_parts(
    settings: Noise2InverseSettings, file: Path, opened: ExitStack, report: ReportFunction, control: Control
) -> SplitReconstructions:
    """The reconstructions that the settings name; those of projections are made first unless `file` holds them.

    Raises:
        WholefieldError: a file cannot be used.
        StopAndKeep, Discarded: the control asked for it.
    """
    if settings.projections is None:
        return _from_stacks(
            [
                opened.enter_context(open_stack(path, reading=settings.reconstructions_reading))
                for path in settings.part_paths
            ]
        )
    if not file.exists():
        _reconstruct(settings, settings.projections, file, report, control)
    return FileParts(np.load(file, mmap_mode="r"))


def _from_stacks(stacks: Sequence[StackSource]) -> StackParts:
    for stack in stacks:
        if stack.shape != stacks[0].shape or stack.channels > 1:
            raise SettingError(
                f"{stack.name} differs in size or channels from {stacks[0].name}; "
                "give reconstructions of one scan, with one value per voxel."
            )
    return StackParts(stacks)


def _reconstruct(
    settings: Noise2InverseSettings, path: Path, file: Path, report: ReportFunction, control: Control
) -> None:
    """Reconstruct some detector rows after the other into a file, whole or absent at any moment."""
    rows = _rows(settings, path)
    center = settings.center if settings.center is not None else _center(path, rows[len(rows) // 2])
    report(Message(Level.INFO, f"The rotation axis is at column {center:.2f}."))
    counter = PartCounter("Reconstructing slices", len(rows), report, control)
    array: NDArray[np.float32] | None = None
    with replacing(file) as temporary:
        for first in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[first : first + ROWS_AT_ONCE]
            scan = read_projections(path, slice(some.start, some.stop))
            parts = split_reconstructions(
                scan.line_integrals(), scan.angles, settings.parts,
                size=settings.size, center=center, window=settings.window,
            )  # fmt: skip
            if array is None:
                shape = (settings.parts, len(rows), *parts.shape[2:])
                array = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
            array[:, first : first + len(some)] = parts.numpy()
            counter.done(first + len(some))
        del array


def _rows(settings: Noise2InverseSettings, path: Path) -> range:
    """The detector rows to reconstruct.

    Raises:
        SettingError: there are no such rows.
    """
    count = detector_rows(path)
    if settings.rows is None:
        return range(count)
    asked = whole_numbers("rows", settings.rows)
    if asked[-1] >= count:
        raise SettingError(f"The setting rows is {settings.rows!r}, but {path} has rows 0 to {count - 1}.")
    return range(asked[0], asked[-1] + 1)


def _center(path: Path, row: int) -> float:
    scan = read_projections(path, slice(row, row + 1))
    return find_center(scan.line_integrals()[0], scan.angles)

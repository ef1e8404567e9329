"""The labels of a stack: a chunk of voxels exists where something was painted, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from wholefield.labels.history import History

SIDE = 32
"""Voxels along each side of a chunk: a stroke in any plane touches few bytes beside its own."""

Key: TypeAlias = tuple[int, int, int]
Box: TypeAlias = tuple[slice, slice, slice]
Values: TypeAlias = npt.NDArray[np.uint8]


class VoxelLabels:
    """Class values of a stack (z, y, x), 0 where nothing is labeled; memory is that of what is painted.

    Attributes:
        shape: (z, y, x).
        history: What can be undone.
        revision: A number that grows with every change, also by undo.

    Example:
        >>> import numpy as np
        >>> from wholefield.labels import VoxelLabels
        >>> labels = VoxelLabels((2048, 2048, 2048))
        >>> labels.paint((slice(5, 6), slice(0, 3), slice(0, 3)), np.eye(3, dtype=bool)[None], value=2)
        >>> labels.region((slice(5, 6), slice(0, 2), slice(0, 4)))[0].tolist()
        [[2, 0, 0, 0], [0, 2, 0, 0]]
        >>> labels.history.undo(), labels.counts()
        (True, {})
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.history = History()
        self.revision = 0
        self._chunks: dict[Key, Values] = {}
        self._counts = np.zeros(256, np.int64)
        self._unsaved: set[Key] = set()
        self._stroke: _Edit | None = None

    @property
    def painted(self) -> Iterable[Key]:
        """The chunks that exist, by their place in the grid of chunks."""
        return self._chunks.keys()

    def counts(self) -> dict[int, int]:
        """How many voxels every class has; classes without any are left out."""
        return {int(value): int(self._counts[value]) for value in np.flatnonzero(self._counts) if value}

    def region(self, box: Box) -> Values:
        """A copy of the class values of a box (z, y, x) within the stack, 0 where nothing is labeled."""
        found = np.zeros([each.stop - each.start for each in box], np.uint8)
        for key in self._keys(box, existing=True):
            inside, outside = _shared(key, box)
            found[outside] = self._chunks[key][inside]
        return found

    def paint(
        self, box: Box, mask: npt.NDArray[np.bool_], value: int, locked: frozenset[int] = frozenset()
    ) -> None:
        """Give voxels to a class.

        Args:
            box: Where `mask` lies, within the stack (z, y, x).
            mask: Which voxels of the box.
            value: The class; 0 erases.
            locked: Classes whose voxels must stay.
        """
        stays = np.zeros(256, bool)
        stays[[*locked]] = True
        edits: dict[Key, _Voxels] = {}
        for key in self._keys(box, existing=value == 0):
            inside, outside = _shared(key, box)
            chunk = self._chunks.get(key)
            wanted = mask[outside]
            if not wanted.any():
                continue
            old = np.zeros(wanted.shape, np.uint8) if chunk is None else chunk[inside]
            changed = wanted & (old != value) & ~stays[old]
            if changed.any():
                at = np.ravel_multi_index(
                    [found + each.start for found, each in zip(np.nonzero(changed), inside, strict=True)],
                    (SIDE, SIDE, SIDE),
                ).astype(np.uint16)
                edits[key] = _Voxels(at, np.full(len(at), value, np.uint8))
        self._edit(edits)

    def reassign(self, old: int, new: int) -> None:
        """Give all voxels of a class to another; 0 erases them."""
        edits: dict[Key, _Voxels] = {}
        for key, chunk in self._chunks.items():
            at = np.flatnonzero(chunk == old).astype(np.uint16)
            if len(at):
                edits[key] = _Voxels(at, np.full(len(at), new, np.uint8))
        self._edit(edits)

    def add(
        self, others: VoxelLabels, values: Mapping[int, int], locked: frozenset[int] = frozenset()
    ) -> None:
        """Paint the labels of another document of the same shape over these, in one step.

        Args:
            others: The labels to add.
            values: The class here for every class there; what is not named is left out.
            locked: Classes whose voxels must stay.
        """
        here = np.zeros(256, np.uint8)
        here[list(values)] = list(values.values())
        stays = np.zeros(256, bool)
        stays[[*locked]] = True
        edits: dict[Key, _Voxels] = {}
        for key, chunk in others.chunks():
            new = here[chunk]
            old = self._chunks.get(key, np.zeros_like(new))
            at = np.flatnonzero((new != 0) & (new != old) & ~stays[old]).astype(np.uint16)
            if len(at):
                edits[key] = _Voxels(at, new.reshape(-1)[at])
        self._edit(edits)

    def slices_of(self, value: int, axis: int) -> list[int]:
        """The slices across an axis that have voxels of a class, ascending."""
        others = tuple(each for each in range(3) if each != axis)
        found: set[int] = set()
        for key, chunk in self._chunks.items():
            hits = np.flatnonzero((chunk == value).any(others))
            found.update((hits + SIDE * key[axis]).tolist())
        return sorted(found)

    def painted_box(self, axis: int, index: int) -> Box | None:
        """The part of a slice across an axis outside of which nothing is labeled; None where nothing is."""
        keys = np.array([key for key in self._chunks if key[axis] == index // SIDE])
        if not len(keys):
            return None
        low, high = keys.min(0) * SIDE, np.minimum((keys.max(0) + 1) * SIDE, self.shape)
        box = [slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True)]
        box[axis] = slice(index, index + 1)
        return box[0], box[1], box[2]

    def put(self, key: Key, chunk: Values) -> None:
        """Take over a whole chunk (32, 32, 32) as it was saved; this is no step to undo.

        Raises:
            ValueError: It labels voxels outside of the stack.
        """
        reach = [min(SIDE, length - SIDE * place) for length, place in zip(self.shape, key, strict=True)]
        outside = chunk.copy()
        outside[tuple(slice(0, max(each, 0)) for each in reach)] = 0
        if outside.any() or min(key) < 0:
            raise ValueError(f"the chunk {key} has labels outside of the stack {self.shape}")
        old = self._chunks.pop(key, None)
        if old is not None:
            self._count(old, -1)
        if chunk.any():
            self._chunks[key] = chunk.copy()
            self._count(chunk, 1)
        self.revision += 1

    def begin(self) -> None:
        """From now to `end` all edits are one step of the history: a stroke."""
        self._stroke = _Edit(self, {})

    def end(self) -> None:
        """End the step that `begin` began."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and stroke.voxels:
            self.history.add(stroke)

    def take_unsaved(self) -> dict[Key, Values | None]:
        """The chunks that changed since this was asked last, copies; None for those that are gone."""
        keys, self._unsaved = self._unsaved, set()
        return {key: self._chunks[key].copy() if key in self._chunks else None for key in keys}

    def keep_unsaved(self, keys: Iterable[Key]) -> None:
        """Take back chunks of `take_unsaved` that could not be saved: they are part of the next ones."""
        self._unsaved.update(keys)

    def chunks(self) -> Iterator[tuple[Key, Values]]:
        """All chunks that exist; not copies."""
        return iter(self._chunks.items())

    def _keys(self, box: Box, *, existing: bool) -> list[Key]:
        """The chunks that meet a box: all, or those that exist."""
        spans = [range(each.start // SIDE, -(-each.stop // SIDE)) for each in box]
        if not existing:
            return [(z, y, x) for z, y, x in product(*spans)]
        if len(spans[0]) * len(spans[1]) * len(spans[2]) <= len(self._chunks):
            return [(z, y, x) for z, y, x in product(*spans) if (z, y, x) in self._chunks]
        return [key for key in self._chunks if all(k in span for k, span in zip(key, spans, strict=True))]

    def _edit(self, edits: Mapping[Key, _Voxels]) -> None:
        if not edits:
            return
        change = _Edit(self, dict(edits))
        change.swap()
        if self._stroke is None:
            self.history.add(change)
        else:
            self._stroke.take(change)

    def _exchange(self, key: Key, new: _Voxels) -> _Voxels:
        """Write values into a chunk; returns those that were there."""
        chunk = self._chunks.get(key)
        if chunk is None:
            chunk = self._chunks[key] = np.zeros((SIDE, SIDE, SIDE), np.uint8)
        flat = chunk.reshape(-1)
        old = flat[new.at].copy()
        flat[new.at] = new.values
        self._counts += np.bincount(new.values, minlength=256) - np.bincount(old, minlength=256)
        if not chunk.any():
            del self._chunks[key]
        self._unsaved.add(key)
        self.revision += 1
        return _Voxels(new.at, old)

    def _count(self, chunk: Values, sign: int) -> None:
        self._counts += sign * np.bincount(chunk.reshape(-1), minlength=256)
        self._counts[0] = 0


@dataclass(frozen=True)
class _Voxels:
    """Some voxels of a chunk: their places in it, each once, and values."""

    at: npt.NDArray[np.uint16]
    values: Values


@dataclass
class _Edit:
    """The voxels that an edit is about to write, and after that those that it replaced."""

    labels: VoxelLabels
    voxels: dict[Key, _Voxels]

    def swap(self) -> None:
        self.voxels = {key: self.labels._exchange(key, new) for key, new in self.voxels.items()}

    def take(self, later: _Edit) -> None:
        """Make one of this edit and a later one that has been made: the older of two old values counts."""
        for key, new in later.voxels.items():
            old = self.voxels.get(key)
            if old is None:
                self.voxels[key] = new
                continue
            fresh = ~np.isin(new.at, old.at)
            self.voxels[key] = _Voxels(
                np.concatenate([old.at, new.at[fresh]]), np.concatenate([old.values, new.values[fresh]])
            )


def _shared(key: Key, box: Box) -> tuple[Box, Box]:
    """What a chunk and a box have in common: within the chunk and within the box."""
    starts = [SIDE * place for place in key]
    low = [max(start, each.start) for start, each in zip(starts, box, strict=True)]
    high = [min(start + SIDE, each.stop) for start, each in zip(starts, box, strict=True)]
    inside = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, starts, strict=True))
    outside = tuple(slice(a - each.start, b - each.start) for a, b, each in zip(low, high, box, strict=True))
    return inside, outside  # type: ignore[return-value]

"""Which of the maps that stages keep for each other are in memory and which in files, and what they take."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.spill import Spill
from wholefield.streaming.execution.stored_maps import Part
from wholefield.streaming.planning.kept_activations import block_bytes
from wholefield.streaming.planning.table import in_bytes
from wholefield.streaming.tracing.stages import Stage, released_after


@dataclass(frozen=True)
class Moment:
    """What is stored while a sweep over a stage runs, in bytes."""

    memory: int
    disk: int


@dataclass(frozen=True)
class MapPlan:
    """Where the maps of a pass are.

    Attributes:
        on_disk: What is in files.
        forward: What is stored while each stage is computed.
        backward: What is stored while each stage is back-propagated; nothing in inference.
    """

    on_disk: frozenset[tuple[int, Part]]
    forward: tuple[Moment, ...]
    backward: tuple[Moment, ...]

    @property
    def disk(self) -> int:
        """Bytes of the files at most."""
        return max(moment.disk for moment in (*self.forward, *self.backward))


def plan_maps(stages: Sequence[Stage], budget: int | None, training: bool) -> MapPlan:
    """Decide where the maps of a pass are: in memory as long as there is room when they come to be.

    Args:
        stages: The stages of the network in their order.
        budget: Bytes that may be in memory; None for all.
        training: Whether gradients will be wanted.
    """
    return _Planning(stages, budget).plan(training)


def demand_room(plan: MapPlan, spill: Spill) -> None:
    """Refuse a pass whose files do not fit, before anything is computed.

    Raises:
        StreamingError: The folder is missing, or its disk has too little room.
    """
    if not plan.on_disk:
        return
    if not spill.place.is_dir():
        raise StreamingError(
            f"The folder for maps, {spill.place}, does not exist. Create it, or choose another."
        )
    free = shutil.disk_usage(spill.place).free
    if plan.disk > free:
        raise StreamingError(
            f"The maps between the stages of the network take {in_bytes(plan.disk)} on disk, but {spill.place} has "
            f"{in_bytes(free)} free. Free disk space, choose another folder for maps, or give them more memory."
        )


class _Planning:
    """Stores and releases maps in the order in which a pass does."""

    def __init__(self, stages: Sequence[Stage], budget: int | None) -> None:
        self._stages = stages
        self._budget = budget
        self._in_memory: dict[tuple[int, Part], int] = {}
        self._on_disk: dict[tuple[int, Part], int] = {}
        self._spilled: set[tuple[int, Part]] = set()

    def plan(self, training: bool) -> MapPlan:
        forward = tuple(self._forward(training))
        backward = tuple(self._backward()) if training else ()
        return MapPlan(frozenset(self._spilled), forward, backward)

    def _forward(self, training: bool) -> Iterator[Moment]:
        for stage in self._stages:
            for node in stage.stored:
                self._store(stage, node, Part.VALUES)
            yield self._moment
            for node in () if training else released_after(self._stages, stage.number):
                self._release(node)

    def _backward(self) -> Iterator[Moment]:
        found = []
        for stage in reversed(self._stages):
            for node in stage.maps:
                self._store(stage, node, Part.GRADIENT)
            found.append(self._moment)
            for node in stage.stored:
                self._release(node)
        return reversed(found)

    @property
    def _moment(self) -> Moment:
        return Moment(sum(self._in_memory.values()), sum(self._on_disk.values()))

    def _store(self, stage: Stage, node: int, part: Part) -> None:
        key, size = (node, part), block_bytes(stage.program.nodes[node])
        if key in self._in_memory or key in self._on_disk:
            return
        if self._budget is None or sum(self._in_memory.values()) + size <= self._budget:
            self._in_memory[key] = size
        else:
            self._on_disk[key] = size
            self._spilled.add(key)

    def _release(self, node: int) -> None:
        for part in Part:
            self._in_memory.pop((node, part), None)
            self._on_disk.pop((node, part), None)

"""The peak memory of a streamed pass: that of its stages, and what lives longer than one of them."""

from collections.abc import Sequence
from functools import cached_property
from math import prod

import torch
from torch import Tensor, nn

from wholefield.streaming.execution.layout import arrange, working_format
from wholefield.streaming.planning.kept_activations import block_bytes
from wholefield.streaming.planning.memory import (
    MemoryNeed,
    backward_peak,
    forward_peak,
    fullest_tile,
    rolling_bytes,
    saved_halo_bytes,
    scratch_bytes,
    tile_of_largest_block,
)
from wholefield.streaming.planning.stages import StageLayout
from wholefield.streaming.planning.stored_maps import Moment, plan_maps
from wholefield.streaming.planning.workers import workers_for
from wholefield.streaming.tracing.program import Preparation, Program, Statistic, slots_of


class StageForecast:
    """The peak memory of one stage in parts, each found when it is asked for."""

    def __init__(
        self, layout: StageLayout, tensors: Sequence[Tensor], memory_format: torch.memory_format
    ) -> None:
        """Forecast a stage.

        Args:
            layout: The stage laid out over the tiles.
            tensors: The program's slots; those that require a gradient are trained.
            memory_format: The format in which tiles are computed.
        """
        self.layout = layout
        self._recurrence = layout.recurrence
        self._format = memory_format
        used = layout.stage.program.used
        self._tensors = [tensor if k in used else torch.empty(0) for k, tensor in enumerate(tensors)]

    @cached_property
    def halos(self) -> int:
        """Bytes of the halos that training keeps between the sweeps."""
        return saved_halo_bytes(self._recurrence)

    @cached_property
    def blocks(self) -> int:
        """Bytes of the results that it keeps."""
        return sum(block_bytes(self._recurrence.program.nodes[k]) for k in self.layout.keeps)

    @cached_property
    def prepared(self) -> int:
        """Bytes of weights that are computed or rearranged for it."""
        slots = self._recurrence.program.slots
        return sum(
            tensor.nbytes
            for source, tensor in zip(slots, self._tensors, strict=True)
            if isinstance(source, Preparation) or arrange(tensor, self._format) is not tensor
        )

    @cached_property
    def rolling(self) -> int:
        """Bytes of the halos at one moment of inference."""
        return sum(rolling_bytes(self._recurrence, node) for node in self._recurrence.program.nodes[1:])

    def tiles(self, training: bool, workers: int) -> int:
        """Bytes of the tiles that are computed at the same time."""
        total = workers * (self._tile_in_training if training else self._tile_in_inference)
        rows = prod(self._recurrence.counts[:-1])
        if training and rows > 1:
            # The sums of the rows of tiles that are begun, beside those of all that are finished.
            total += min(workers, rows) * sum(
                tensor.nbytes for tensor in self._tensors if tensor.requires_grad
            )
        return total

    @cached_property
    def _tile_in_training(self) -> int:
        recurrence = self._recurrence
        tile = fullest_tile(recurrence)
        walked = backward_peak(recurrence, tile, self._stand_ins, self._format, self.layout.keeps)
        return walked + scratch_bytes(recurrence, True, recurrence.counts[0])

    @cached_property
    def _tile_in_inference(self) -> int:
        # A graph holds all blocks of a tile; without one it is the largest that counts.
        recurrence = self._recurrence
        return max(
            forward_peak(recurrence, tile, self._stand_ins, self._format)
            + scratch_bytes(recurrence, False, tile[0] + 1)
            for tile in {fullest_tile(recurrence), tile_of_largest_block(recurrence)}
        )

    @property
    def _stand_ins(self) -> list[Tensor]:
        return [
            arrange(torch.empty_like(tensor, device="meta"), self._format).requires_grad_(
                tensor.requires_grad
            )
            for tensor in self._tensors
        ]


class Forecast:
    """The peak memory of a streamed pass in parts, each found when it is asked for.

    Attributes:
        stages: Those of its stages.
    """

    def __init__(
        self,
        layouts: Sequence[StageLayout],
        tensors: Sequence[Tensor],
        workers: int | None = None,
        map_budget: int | None = None,
    ) -> None:
        """Forecast a pass as `Streamed` makes it.

        Args:
            layouts: Its stages laid out over the tiles.
            tensors: The program's slots; those that require a gradient are trained.
            workers: As for Streamed.
            map_budget: Bytes of maps between the stages in memory, the rest is on disk; None for all.
        """
        image = layouts[0].stage.program.image
        memory_format = working_format(len(image.shape), image.dtype, layouts[0].stage.program.device)
        self.stages = [StageForecast(layout, tensors, memory_format) for layout in layouts]
        self._workers = workers
        stages = [layout.stage for layout in layouts]
        self._maps = {training: plan_maps(stages, map_budget, training) for training in (False, True)}

    @cached_property
    def halos(self) -> int:
        """Bytes of the halos that training keeps between the sweeps."""
        return sum(stage.halos for stage in self.stages)

    @cached_property
    def blocks(self) -> int:
        """Bytes of the results that it keeps."""
        return sum(stage.blocks for stage in self.stages)

    def need(self) -> MemoryNeed:
        """All of it."""
        disk = {training: planned.disk for training, planned in self._maps.items()}
        return MemoryNeed(self.peak(False), self.peak(True), self.halos, self.blocks, disk[False], disk[True])

    def floor(self, training: bool) -> int:
        """What a peak holds beside the tiles that are computed: a lower bound, found without walking one."""
        return max(self._lasting(number, training) for number in range(len(self.stages)))

    def peak(self, training: bool, workers: int | None = None) -> int:
        """Bytes of the peak of training or of inference, for a number of workers or those of the pass."""
        return max(self.peak_of(number, training, workers) for number in range(len(self.stages)))

    def peak_of(self, number: int, training: bool, workers: int | None = None) -> int:
        """Bytes of the peak while a stage is computed, in training while it is back-propagated."""
        stage = self.stages[number]
        side_by_side = workers_for(stage.layout.recurrence, workers or self._workers)
        return self._lasting(number, training) + stage.tiles(training, side_by_side)

    def maps(self, number: int, training: bool) -> Moment:
        """The stored maps, and their gradients, while a stage is computed, in training while it is back-propagated."""
        planned = self._maps[training]
        return (planned.backward if training else planned.forward)[number]

    def _lasting(self, number: int, training: bool) -> int:
        """What is held while a stage runs, beside its tiles."""
        outputs = sum(
            block_bytes(stage.layout.stage.program.nodes[node])
            for stage in self.stages
            for node in stage.layout.stage.results
        )
        total = outputs + self.maps(number, training).memory
        if training:
            return total + outputs + self.halos + self.blocks + sum(stage.prepared for stage in self.stages)
        return total + self.stages[number].prepared + self.stages[number].rolling


def slot_stand_ins(program: Program, network: nn.Module) -> list[Tensor]:
    """The tensors of a program's slots without computing them, for what is computed writes into buffers."""
    named = dict(network.named_parameters(remove_duplicate=False)) | dict(
        network.named_buffers(remove_duplicate=False)
    )
    trained = any(parameter.requires_grad for parameter in network.parameters())
    found: list[Tensor] = []
    for source, stand_in in zip(program.slots, program.stand_ins, strict=True):
        if isinstance(source, Preparation):
            learns = any(found[k].requires_grad for k in slots_of(source)) and stand_in.requires_grad
            found.append(stand_in.detach().requires_grad_(learns))
        elif isinstance(source, Statistic):
            found.append(stand_in.detach().requires_grad_(stand_in.requires_grad and trained))
        else:
            found.append(named[source] if isinstance(source, str) else source)
    return found

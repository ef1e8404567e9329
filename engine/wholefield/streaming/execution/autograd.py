"""One stage of an image's way through a network: the two sweeps tied into autograd."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from wholefield.kernels import winograd
from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.background import Background
from wholefield.streaming.execution.images import LazyImage, ReadAhead, reader_of
from wholefield.streaming.execution.layout import arrange, arrange_like
from wholefield.streaming.execution.ranks.agreement import agree_on_backward, agree_on_forward
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.reductions import Reduction
from wholefield.streaming.execution.saved_halos import SavedHalos
from wholefield.streaming.execution.sinks import Outlets, ReductionSink, Sink
from wholefield.streaming.execution.statistics import StatisticSink
from wholefield.streaming.execution.stored_maps import MapSink, StoredMaps
from wholefield.streaming.execution.sweep import Gradients, forward_sweep, reverse_sweep
from wholefield.streaming.execution.tile import Poll, ReadImage, ReadInputs
from wholefield.streaming.execution.tile_visits import OnTile
from wholefield.streaming.execution.wavefront import Crew
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.stages import Stage


@dataclass(frozen=True)
class SweepSetup:
    """How one image passes a stage of a network: what both sweeps need to know.

    Attributes:
        stage: What is computed.
        recurrence: Its program laid out over the tiles.
        maps: What earlier stages stored and this one stores.
        precision: The precision in force at the forward, for the recomputed tiles as well.
        memory_format: The format in which tiles are computed.
        reduction: What pools the first output of the network; None pools nothing.
        pooled: The node of that output.
        mask: Which of its positions count, (batch or 1, *positions) bool; None for all.
        sink: What takes an output, where that is not a tensor to be returned.
        lazy: The image, where it is not a tensor.
        halo_budget: Bytes of halos to keep in memory; None for all.
        keeps: The nodes whose blocks training keeps between the sweeps.
        on_tile: Called before every tile.
        workers: How many tiles run at the same time.
        deterministic: Whether gradients must not depend on the number of workers.
        exact_kernels: Whether convolutions are the direct sums of torch.
        ring: The processes that stream the image together; None for this one alone.
        background: Which tiles need not be computed; None for no such tiles.
        poll: Called between the nodes of every tile.
    """

    stage: Stage
    recurrence: Recurrence
    maps: StoredMaps
    precision: Precision
    memory_format: torch.memory_format
    reduction: Reduction | None
    pooled: int
    mask: Tensor | None
    sink: Callable[[Ref], Sink]
    lazy: LazyImage | None
    halo_budget: int | None
    keeps: frozenset[int]
    on_tile: OnTile | None
    workers: int
    deterministic: bool
    exact_kernels: bool
    ring: Ring | None = None
    background: Background | None = None
    poll: Poll | None = None

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """The precision and the kernels of the pass."""
        with self.precision(), winograd.turned_off(self.exact_kernels):
            yield

    def together(self) -> AbstractContextManager[None]:
        """What ends one of the processes ends all."""
        return nullcontext() if self.ring is None else self.ring.together()

    def agree(self, tensors: Sequence[Tensor], learns: Sequence[bool]) -> None:
        """Make sure that all processes have the same image, network and settings."""
        if self.ring is not None:
            agree_on_forward(self.ring, self.recurrence, tensors, learns)

    def results(self, outlets: Outlets) -> tuple[Tensor, ...]:
        """The results of the sinks, of all processes."""
        if self.ring is not None:
            for node, sink in outlets:
                sink.gather(self.ring, self.recurrence, node)
            # None goes on before all have written what they write outside.
            self.ring.exchange(None, self.recurrence.program.device)
        return tuple(sink.result() for _, sink in outlets)

    def crew(self) -> Crew:
        """Who computes the tiles, under the modes that are in force here."""
        inference = torch.is_inference_mode_enabled()

        @contextmanager
        def modes() -> Iterator[None]:
            with torch.inference_mode(inference), self.in_force():
                yield

        return Crew(self.workers, self.deterministic, modes, self.ring, self.poll)

    @property
    def pool(self) -> Reduction | None:
        """The reduction, if this stage computes what it pools."""
        return self.reduction if self.pooled in self.stage.results else None

    def outlets(self, tensors: Sequence[Tensor]) -> Outlets:
        """What takes each output: those of the network, the maps for later stages, values of the whole image."""
        program = self.recurrence.program
        found: list[tuple[int, Sink]] = []
        for node in self.stage.results:
            ref = program.nodes[node].ref
            pools = self.pool is not None and node == self.pooled
            sink = self._pooling(ref, tensors) if pools else self.sink(ref)
            found.append((node, sink))
        found += [(node, MapSink(self.maps, program.nodes[node].ref)) for node in self.stage.stored]
        for statistic in self.stage.statistics.values():
            ref = program.nodes[statistic.node].ref
            found.append((statistic.node, StatisticSink(statistic, ref)))
        return found

    def _pooling(self, ref: Ref, tensors: Sequence[Tensor]) -> Sink:
        assert self.reduction is not None
        return ReductionSink(ref, self.reduction, self._weights(tensors), self.mask)

    def for_reverse(self, outlets: Outlets, tensors: Sequence[Tensor]) -> Outlets:
        """The same sinks with weights under autograd."""
        weights = self._weights(tensors)
        return [
            (node, sink.for_reverse(weights) if isinstance(sink, ReductionSink) else sink)
            for node, sink in outlets
        ]

    @contextmanager
    def reading(self, image: Tensor | None, *, reverse: bool) -> Iterator[ReadInputs]:
        """The ways to the inputs; a lazily read image is read ahead by a tile for every worker."""
        found = {node: self._arranged(self._map(node)) for node in self.stage.maps}
        if 0 not in self.recurrence.program.live:
            yield found
            return
        whole = image if image is not None else self.lazy
        assert whole is not None
        pixels = reader_of(whole)
        tiles = self.crew().order(self.recurrence.counts, reverse=reverse)
        if self.background is not None:
            pixels = self.background.painted(pixels)
            tiles = tuple(tile for tile in tiles if not self.background.alone(tile))
        if image is not None:
            yield found | {0: self._arranged(pixels)}
            return
        boxes = [self.recurrence.image_box(tile) for tile in tiles]
        with ReadAhead(pixels, boxes, self.workers) as ahead:
            yield found | {0: self._arranged(ahead)}

    def known(self) -> dict[int, ReadImage]:
        """What reads the blocks of nodes that this stage stored and can put into a graph as they are."""
        program = self.recurrence.program
        return {
            node: self._copied(self._map(node))
            for node in self.stage.stored
            if (local := program.nodes[node].local) is not None and local.recall is not None
        }

    def _map(self, node: int) -> ReadImage:
        program = self.recurrence.program
        return self.maps.reader(program.nodes[node].ref, program.device)

    def _arranged(self, read: ReadImage) -> ReadImage:
        return lambda spans: arrange(read(spans), self.memory_format)

    def _copied(self, read: ReadImage) -> ReadImage:
        return lambda spans: read(spans).clone()

    def _weights(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        first = len(self.recurrence.program.slots)
        return tensors[first : len(tensors) - len(self.stage.maps)]


class StreamedFunction(torch.autograd.Function):
    """The forward sweep of a stage, and the reverse sweep as its backward.

    Its tensors are the program's slots, the weights of the reduction if there is one, and the tokens of the maps that
    the stage reads.
    """

    @staticmethod
    def forward(ctx: Any, setup: SweepSetup, image: Tensor | None, *tensors: Tensor) -> tuple[Tensor, ...]:
        """What the outlets come to, in their order."""
        halos = SavedHalos(setup.halo_budget, setup.keeps) if any(ctx.needs_input_grad) else None
        outlets = setup.outlets(tensors)
        with setup.together():
            setup.agree(tensors, ctx.needs_input_grad)
            with setup.in_force(), setup.reading(image, reverse=False) as read:
                forward_sweep(
                    setup.recurrence,
                    read,
                    tensors,
                    outlets,
                    halos,
                    setup.on_tile,
                    setup.crew(),
                    setup.background,
                )
            results = setup.results(outlets)
        ctx.setup, ctx.halos, ctx.outlets = setup, halos, outlets
        ctx.save_for_backward(image, *tensors)
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Gradients of the image and of the tensors."""
        if torch.is_grad_enabled():
            raise StreamingError(
                "A streamed network has first derivatives only. Call backward or grad without create_graph, or take "
                "second derivatives of the plain network on a small image."
            )
        image, *tensors = ctx.saved_tensors
        halos, ctx.halos = ctx.halos, None
        if halos is None:
            raise StreamingError("The streamed network was already back-propagated; run its forward again.")
        setup: SweepSetup = ctx.setup
        with setup.together():
            if setup.ring is not None:
                given = {k: grad for k, grad in enumerate(grads) if grad is not None}
                agree_on_backward(setup.ring, setup.recurrence, given)
            found = _sweep_back(setup, image, tensors, ctx.needs_input_grad[1:], halos, ctx.outlets, grads)
        halos.close()
        for node in setup.stage.stored:
            setup.maps.release(node)
        sums = [
            None if grad is None else arrange_like(grad, tensor)
            for grad, tensor in zip(found.tensors, tensors, strict=True)
        ]
        for k, node in enumerate(setup.stage.maps, len(tensors) - len(setup.stage.maps)):
            sums[k] = torch.zeros(()) if node in found.inputs else None
        return (None, found.inputs.get(0), *sums)


def _sweep_back(
    setup: SweepSetup,
    image: Tensor | None,
    saved: Sequence[Tensor],
    wants: Sequence[bool],
    halos: SavedHalos,
    outlets: Outlets,
    grads: Sequence[Tensor | None],
) -> Gradients:
    tensors = [tensor.detach().requires_grad_(want) for tensor, want in zip(saved, wants[1:], strict=True)]
    tokens = tensors[len(tensors) - len(setup.stage.maps) :]
    inputs = {
        node: setup.maps.gradient(node)
        for node, token in zip(setup.stage.maps, tokens, strict=True)
        if token.requires_grad
    }
    if image is not None and wants[0]:
        inputs[0] = torch.zeros_like(image)
    with setup.in_force(), setup.reading(image, reverse=True) as read:
        return reverse_sweep(
            setup.recurrence,
            read,
            tensors,
            halos,
            partial(setup.for_reverse, outlets),
            grads,
            inputs,
            setup.known(),
            setup.on_tile,
            setup.crew(),
        )

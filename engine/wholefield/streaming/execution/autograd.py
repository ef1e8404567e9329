"""One image on its way through a network: the two sweeps tied into autograd."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from wholefield.kernels import winograd
from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.images import LazyImage, ReadAhead, reader_of
from wholefield.streaming.execution.layout import arrange, arrange_like
from wholefield.streaming.execution.ranks.agreement import agree_on_backward, agree_on_forward
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.reductions import Reduction
from wholefield.streaming.execution.saved_halos import SavedHalos
from wholefield.streaming.execution.sinks import ReductionSink, Sink, TensorSink
from wholefield.streaming.execution.sweep import Gradients, forward_sweep, output_nodes, reverse_sweep
from wholefield.streaming.execution.tile import ReadImage
from wholefield.streaming.execution.tile_visits import OnTile
from wholefield.streaming.execution.wavefront import Crew
from wholefield.streaming.geometry.spans import Spans
from wholefield.streaming.tracing.precision import Precision


@dataclass(frozen=True)
class SweepSetup:
    """How one image passes a network: what both sweeps need to know.

    Attributes:
        recurrence: The network laid out over the tiles.
        precision: The precision in force at the forward, for the recomputed tiles as well.
        memory_format: The format in which tiles are computed.
        reduction: What pools the first output; None puts it together.
        mask: Which of its positions count, (batch or 1, *positions) bool; None for all.
        lazy: The image, where it is not a tensor.
        halo_budget: Bytes of halos to keep in memory; None for all.
        keeps: The nodes whose blocks training keeps between the sweeps.
        on_tile: Called before every tile.
        workers: How many tiles run at the same time.
        deterministic: Whether gradients must not depend on the number of workers.
        exact_kernels: Whether convolutions are the direct sums of torch.
        ring: The processes that stream the image together; None for this one alone.
    """

    recurrence: Recurrence
    precision: Precision
    memory_format: torch.memory_format
    reduction: Reduction | None
    mask: Tensor | None
    lazy: LazyImage | None
    halo_budget: int | None
    keeps: frozenset[int]
    on_tile: OnTile | None
    workers: int
    deterministic: bool
    exact_kernels: bool
    ring: Ring | None = None

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

    def meet(self) -> None:
        """Wait until all processes have come so far."""
        if self.ring is not None:
            self.ring.exchange(None, self.recurrence.program.device)

    def results(self, sinks: Mapping[int, Sink]) -> tuple[Tensor, ...]:
        """The results of the sinks, of all processes."""
        if self.ring is not None:
            for node, sink in sinks.items():
                sink.gather(self.ring, self.recurrence, node)
        return tuple(sink.result() for sink in sinks.values())

    def crew(self) -> Crew:
        """Who computes the tiles, under the modes that are in force here."""
        inference = torch.is_inference_mode_enabled()

        @contextmanager
        def modes() -> Iterator[None]:
            with torch.inference_mode(inference), self.in_force():
                yield

        return Crew(self.workers, self.deterministic, modes, self.ring)

    def sinks(self, tensors: Sequence[Tensor]) -> dict[int, Sink]:
        """What takes each output; the reduction's weights are the last of the tensors."""
        outputs = output_nodes(self.recurrence.program)
        sinks: dict[int, Sink] = {ref.index: TensorSink(ref) for ref in outputs}
        if self.reduction is not None:
            first = outputs[0]
            sinks[first.index] = ReductionSink(first, self.reduction, self._weights(tensors), self.mask)
        return sinks

    def for_reverse(self, sinks: Mapping[int, Sink], tensors: Sequence[Tensor]) -> Mapping[int, Sink]:
        """The same sinks with weights under autograd."""
        weights = self._weights(tensors)
        return {
            node: sink.for_reverse(weights) if isinstance(sink, ReductionSink) else sink
            for node, sink in sinks.items()
        }

    def reading(self, read: ReadImage, *, reverse: bool) -> AbstractContextManager[ReadImage]:
        """The way to the pixels; a lazily read image is read ahead by a tile for every worker."""
        if self.lazy is None:
            return nullcontext(read)
        tiles = self.crew().front(self.recurrence.counts, reverse=reverse).order
        return ReadAhead(read, [self.recurrence.image_box(tile) for tile in tiles], self.workers)

    def _weights(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        return tensors[len(self.recurrence.program.slots) :]


def sweep_forward(
    setup: SweepSetup,
    read: ReadImage,
    tensors: Sequence[Tensor],
    sinks: Mapping[int, Sink],
    halos: SavedHalos | None,
) -> None:
    """Run the forward sweep of an image.

    Args:
        setup: How the image passes.
        read: Gives the pixels of a box.
        tensors: The program's slots and the reduction's weights, in the memory format of the setup.
        sinks: What takes the outputs.
        halos: Filled for the reverse sweep; None if there will be none.
    """
    with setup.in_force(), setup.reading(read, reverse=False) as ahead:
        forward_sweep(
            setup.recurrence, _arranged(setup, ahead), tensors, sinks, halos, setup.on_tile, setup.crew()
        )


class StreamedFunction(torch.autograd.Function):
    """The forward sweep, and the reverse sweep as its backward."""

    @staticmethod
    def forward(ctx: Any, setup: SweepSetup, image: Tensor | None, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Results of the outputs in their order."""
        halos = SavedHalos(setup.halo_budget, setup.keeps) if any(ctx.needs_input_grad) else None
        sinks = setup.sinks(tensors)
        with setup.together():
            setup.agree(tensors, ctx.needs_input_grad)
            sweep_forward(setup, _reader(setup, image), tensors, sinks, halos)
            results = setup.results(sinks)
        ctx.setup, ctx.halos, ctx.sinks = setup, halos, sinks
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
        given = {node: grad for node, grad in zip(ctx.sinks, grads, strict=True) if grad is not None}
        with ctx.setup.together():
            if ctx.setup.ring is not None:
                agree_on_backward(ctx.setup.ring, ctx.setup.recurrence, given)
            found = _sweep_back(ctx.setup, image, tensors, ctx.needs_input_grad[1:], halos, ctx.sinks, given)
        halos.close()
        sums = (
            None if grad is None else arrange_like(grad, tensor)
            for grad, tensor in zip(found.tensors, tensors, strict=True)
        )
        return (None, found.image, *sums)


def _sweep_back(
    setup: SweepSetup,
    image: Tensor | None,
    saved: Sequence[Tensor],
    wants: Sequence[bool],
    halos: SavedHalos,
    sinks: Mapping[int, Sink],
    grads: Mapping[int, Tensor],
) -> Gradients:
    tensors = [tensor.detach().requires_grad_(want) for tensor, want in zip(saved, wants[1:], strict=True)]
    image_grad = torch.zeros_like(image) if image is not None and wants[0] else None
    with setup.in_force(), setup.reading(_reader(setup, image), reverse=True) as ahead:
        return reverse_sweep(
            setup.recurrence,
            _arranged(setup, ahead),
            tensors,
            halos,
            partial(setup.for_reverse, sinks),
            grads,
            image_grad,
            setup.on_tile,
            setup.crew(),
        )


def _reader(setup: SweepSetup, image: Tensor | None) -> ReadImage:
    whole = image if image is not None else setup.lazy
    assert whole is not None
    return reader_of(whole)


def _arranged(setup: SweepSetup, read: ReadImage) -> ReadImage:
    def pixels(spans: Spans) -> Tensor:
        return arrange(read(spans), setup.memory_format)

    return pixels

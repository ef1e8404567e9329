"""A network streamed tile by tile, as an ordinary differentiable module."""

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed import ProcessGroup
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.autograd import SweepSetup
from wholefield.streaming.execution.background import Background, Skip
from wholefield.streaming.execution.chain import Found, Run, finished, stage_by_stage
from wholefield.streaming.execution.images import LazyImage
from wholefield.streaming.execution.layout import working_format
from wholefield.streaming.execution.measuring import FrozenStatistics, Statistics, buffers_kept, measured
from wholefield.streaming.execution.ranks.ring import Ring, ring_of
from wholefield.streaming.execution.reductions import Reductions, as_one
from wholefield.streaming.execution.sinks import ArraySink, Sink, TensorSink, WritableArray
from wholefield.streaming.execution.spill import Spill
from wholefield.streaming.execution.stored_maps import StoredMaps
from wholefield.streaming.execution.sweep import output_nodes
from wholefield.streaming.execution.tile import Poll
from wholefield.streaming.execution.tile_visits import OnTile, StageVisits
from wholefield.streaming.operations.call import Ref, Slot
from wholefield.streaming.planning.block_size import LEAST_WAIT, SmallestBlock
from wholefield.streaming.planning.checks import check_image, check_pooled, check_skipped
from wholefield.streaming.planning.kept_activations import KEEP_BUDGET
from wholefield.streaming.planning.sizes import sizes_per_axis
from wholefield.streaming.planning.stages import StageLayout, lay_out_stages, shares_of_time
from wholefield.streaming.planning.stored_maps import demand_room, plan_maps
from wholefield.streaming.planning.workers import workers_for
from wholefield.streaming.tracing.folding import fold_normalization
from wholefield.streaming.tracing.frozen import frozen
from wholefield.streaming.tracing.lowering import lowered
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.trace import trace
from wholefield.streaming.tracing.tracer import is_tracing


class Streamed(nn.Module):
    """Computes `network(x)` tile by tile: same result, same gradients, memory for one tile and its halos.

    The network is cut into no overlapping parts; every node hands the few border rows and columns that the next tile
    needs to that tile, so that nothing is computed twice. Its backward visits the tiles in reverse order, recomputes
    one at a time under autograd and passes the gradients of the halos back. The method is a recurrence over tiles in
    the sense of Pinckaers, van Ginneken and Litjens, "Streaming convolutional neural networks for end-to-end learning
    with multi-megapixel images" (IEEE TPAMI 2020), without their overlap.

    Attributes:
        network: The network, or a program of torch.export; its parameters are the module's.
        tile_size: Tile size per axis in pixels, or one number for all axes.
        smallest_block: Deep, small nodes wait until about that many new positions per axis have gathered, one number or
            one per axis; None chooses 32, and up to 128 along the last axis of an image where there is room.
        reduction: Pools the network's output over the image as it is computed, the first one if it has several; those
            behind it are returned as they are. None pools nothing.
        halo_budget: Bytes of halos that training keeps in memory, the rest goes to disk; None keeps all.
        keep_budget: Bytes of results of convolutions and linear layers that training keeps between the sweeps instead
            of computing them again, those first that save most work; 0 keeps none.
        spill: Where maps go that the stages of a network keep for each other beyond a budget of memory; None keeps all
            in memory. Networks with statistics of the whole image, such as instance normalization, have several stages.
        statistics: Where the statistics come from that the network takes of the whole image: "image", as in the network
            itself, or "frozen", constants that `measure_statistics` has found before. They are in the state of this
            module (`frozen`), and let a network that was trained on patches see what it saw there.
        on_tile: Called with a TileVisit before every tile of both sweeps, in the thread of the caller; raise in it to
            cancel.
        poll: Called before every layer of every tile, in the threads that compute; may wait, for a pause, and raise to
            cancel.
        workers: How many tiles are computed at the same time, each on its share of torch's threads; None chooses by the
            threads and the grid of tiles. Outputs do not depend on it.
        exact_kernels: Whether convolutions are the direct sums of torch instead of Winograd's, which rounds a little
            more.
        skip: Where the image is background of one color, which is neither read nor computed over and over; for
            inference. Nodes wait less for positions then, so that tiles see less around them. None computes every tile.
        process_group: The torch.distributed processes that stream an image together, each some of the rows of tiles;
            None for this one alone. All of them give the same network and call forward and backward alike. Each reads
            the pixels of its own rows only and keeps the halos of these; each gets the whole result and, after the same
            loss, the gradients of the whole image, as if it had been alone: do not average them over the processes.
        deterministic: Whether gradients, too, must not depend on the number of workers: not by a bit instead of by
            rounding, for kernels sum in other orders on more threads. Every tile is then computed on one.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import Streamed
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        >>> x = torch.randn(1, 3, 101, 67)
        >>> torch.allclose(Streamed(net, 32)(x), net(x), atol=1e-6)
        True
    """

    def __init__(
        self,
        network: nn.Module,
        tile_size: int | Sequence[int],
        *,
        reduction: Reductions = None,
        smallest_block: SmallestBlock = None,
        halo_budget: int | None = None,
        keep_budget: int = KEEP_BUDGET,
        spill: Spill | None = None,
        statistics: Statistics | str = Statistics.IMAGE,
        on_tile: OnTile | None = None,
        poll: Poll | None = None,
        workers: int | None = None,
        deterministic: bool = False,
        exact_kernels: bool = False,
        skip: Skip | None = None,
        process_group: ProcessGroup | None = None,
    ) -> None:
        super().__init__()
        # A program of torch.export holds its module; torch.export is slow to import, so it is told by its name.
        exported = type(network).__name__ == "ExportedProgram"
        self.network: nn.Module = network.module() if exported else network  # type: ignore[operator]
        self.tile_size = tile_size
        self.reduction = as_one(reduction)
        self.smallest_block = smallest_block
        self.halo_budget = halo_budget
        self.keep_budget = keep_budget
        self.spill = spill
        self.statistics = Statistics(statistics)
        self.frozen = FrozenStatistics()
        self.on_tile = on_tile
        self.poll = poll
        self.workers = workers
        self.deterministic = deterministic
        self.exact_kernels = exact_kernels
        self.skip = skip
        self.process_group = process_group

    def forward(self, x: Tensor | LazyImage, mask: Tensor | None = None) -> Any:
        """Stream one batch of images.

        Args:
            x: (batch, channels, *axes) with one to three axes, of any size; a tensor, or an image that is read box by
                box (then a thread reads ahead).
            mask: Which positions of the output the reduction counts, (batch or 1, *positions) bool, such as those that
                show tissue; None for all. `mask_at` makes one of a mask of another resolution.

        Returns:
            What the network returns, tensors of the same shape and dtype; with a reduction the pooled vector
            (batch, channels) in place of the first, with several the vectors in the same tuple, list or dict.

        Raises:
            NotLocalError: The network has a layer that cannot be streamed.
            StreamingError: The tile size or the image cannot work.
        """
        if is_tracing():
            # Inside another streamed network it is streamed with that.
            assert isinstance(x, Tensor)
            return self._in_another(x, mask)
        check_image(x)
        program = self._program(x, mask)
        found = self._run(program, x, mask)
        if self.reduction is not None:
            first = output_nodes(program)[0]
            found.nodes[first.index] = self.reduction.unpack(found.nodes[first.index], first.shape[1])
        return tree_map(partial(_value, found), program.outputs)

    @torch.no_grad()
    def write(self, x: Tensor | LazyImage, array: WritableArray) -> None:
        """Stream one batch of images into an array outside of memory: numpy, a memory map, zarr, HDF5.

        Args:
            x: As for forward.
            array: Takes the network's only output by slices; its shape must be that of the output. Several processes
                write at the same time, each its own rows: a memory map of one file, for example.

        Raises:
            StreamingError: The network has several outputs, or the array another shape; or it has chunks, and several
                processes would write into them.
        """
        program = self._program(x)
        outputs = output_nodes(program)
        if any(ref.groups for ref in outputs):
            raise StreamingError(
                "The network flattens the image in its output, which no array can take box by box. Return "
                "(batch, channels, *axes)."
            )
        if len(outputs) != 1 or tuple(array.shape) != outputs[0].shape:
            shapes = " and ".join(str(ref.shape) for ref in outputs)
            raise StreamingError(
                f"The array has the shape {tuple(array.shape)}; the network's output has {shapes}. "
                "Make an array of the shape of the only output."
            )
        if self._ring() is not None and getattr(array, "chunks", None):
            raise StreamingError(
                "The array is stored in chunks; processes that write parts of one would undo each other's work. Have "
                "them write into a memory map (numpy.memmap) of one file."
            )
        self._run(program, x, None, partial(ArraySink, array=array))

    @torch.no_grad()
    def measure_statistics(self, images: Tensor | LazyImage | Sequence[Tensor | LazyImage]) -> None:
        """Find the statistics that "frozen" uses: those of an image, or of several regions as if they were one image.

        Args:
            images: (1, channels, *axes) each, of any sizes.

        Raises:
            NotLocalError: The network has a layer that cannot be streamed.
            StreamingError: It takes no statistics of the whole image, or an image cannot work.

        Example:
            >>> import torch
            >>> from torch import nn
            >>> from wholefield.streaming import Streamed
            >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8))
            >>> streamed, x = Streamed(net, 32, statistics="frozen"), torch.randn(1, 3, 101, 67)
            >>> streamed.measure_statistics(x)
            >>> torch.allclose(streamed(x), net(x), atol=1e-5)
            True
        """
        given = images if isinstance(images, Sequence) else [images]
        plain = copy(self)
        plain.statistics, plain.skip = Statistics.IMAGE, None
        runs = []
        for image in given:
            check_image(image)
            if image.shape[0] != 1:
                raise StreamingError(
                    f"Statistics are measured on images of their own, not on a batch of {image.shape[0]}. Give a list."
                )
            program = plain._program(image)
            runs.append((program, plain._stages(program, image, None)))
        if not runs:
            raise StreamingError("There is no image to measure statistics on; give at least one.")
        with buffers_kept(self.network):
            self.frozen.put(measured(runs))

    def _in_another(self, x: Tensor, mask: Tensor | None) -> Any:
        """What an enclosing network that is traced sees."""
        if self.statistics is Statistics.FROZEN:
            raise StreamingError(
                "A streamed network with frozen statistics stands inside another one, which knows nothing of "
                "them. Stream it by itself."
            )
        result = self.network(x)
        if self.reduction is None:
            return result
        (first, *others), structure = tree_flatten(result)
        return tree_unflatten([self.reduction(first, mask), *others], structure)

    def _program(self, x: Tensor | LazyImage, mask: Tensor | None = None) -> Program:
        """What the network does to an image of this kind."""
        traced, precision = trace(self.network, x.shape, x.dtype, x.device), Precision.now(x.device)
        if self.statistics is Statistics.FROZEN:
            traced = frozen(traced, self.frozen.values)
        program = fold_normalization(traced, precision)
        check_pooled(program, self.reduction, mask)
        return program if torch.is_grad_enabled() else lowered(program, precision)

    def _ring(self) -> Ring | None:
        """The processes that stream an image together; None for this one alone."""
        alone = self.process_group is None or self.process_group.size() == 1
        return None if alone or self.process_group is None else ring_of(self.process_group)

    def _run(
        self,
        program: Program,
        x: Tensor | LazyImage,
        mask: Tensor | None,
        sink: Callable[[Ref], Sink] = TensorSink,
    ) -> Found:
        return finished(self._stages(program, x, mask, sink))

    def _stages(
        self,
        program: Program,
        x: Tensor | LazyImage,
        mask: Tensor | None,
        sink: Callable[[Ref], Sink] = TensorSink,
    ) -> Run:
        sizes = sizes_per_axis(self.tile_size, len(program.image.axes))
        ring = self._ring()
        processes = 1 if ring is None else ring.size
        waits = self.smallest_block if self.skip is None or self.smallest_block else LEAST_WAIT
        layouts = lay_out_stages(
            program, sizes, waits, self.keep_budget, processes, image_again=isinstance(x, Tensor)
        )
        if ring is not None and len(layouts) > 1:
            raise StreamingError(
                "The network takes statistics of the whole image, which one process finds. Leave the setting "
                "process_group empty, or freeze the normalization by calling .eval() on it."
            )
        if self.skip is not None:
            check_skipped(program, len(layouts), ring)
        maps = self._maps(layouts)
        outputs = output_nodes(program)
        shares = shares_of_time([layout.stage for layout in layouts])
        tiles = [-(-prod(layout.recurrence.counts) // processes) for layout in layouts]
        setups = [
            SweepSetup(
                stage=layout.stage,
                recurrence=layout.recurrence,
                maps=maps,
                precision=Precision.now(x.device),
                memory_format=working_format(len(x.shape), x.dtype, x.device),
                reduction=self.reduction,
                pooled=outputs[0].index if outputs else 0,
                mask=mask,
                sink=sink,
                lazy=None if isinstance(x, Tensor) else x,
                halo_budget=self.halo_budget,
                keeps=layout.keeps,
                on_tile=self.on_tile and StageVisits(self.on_tile, number, shares, tiles),
                workers=workers_for(layout.recurrence, self.workers, processes),
                deterministic=self.deterministic and not layout.stage.program.random,
                exact_kernels=self.exact_kernels,
                ring=ring,
                background=None if self.skip is None else Background(self.skip, layout.recurrence),
                poll=self.poll,
            )
            for number, layout in enumerate(layouts)
        ]
        return stage_by_stage(program, setups, self.network, x if isinstance(x, Tensor) else None)

    def _maps(self, layouts: Sequence[StageLayout]) -> StoredMaps:
        """What takes the maps of a pass.

        Raises:
            StreamingError: There is no room for them.
        """
        if self.spill is None:
            return StoredMaps()
        planned = plan_maps([layout.stage for layout in layouts], self.spill.budget, torch.is_grad_enabled())
        demand_room(planned, self.spill)
        return StoredMaps(self.spill, planned.on_disk)


def _value(found: Found, leaf: Any) -> Any:
    """What an output of the network came to."""
    if isinstance(leaf, Ref):
        return _as_seen(leaf, found.nodes[leaf.index])
    return found.slots[leaf.index] if isinstance(leaf, Slot) else leaf


def _as_seen(ref: Ref, result: Any) -> Any:
    """A result in the shape that the network sees, where that flattens the image."""
    return result.reshape(ref.seen) if ref.groups else result

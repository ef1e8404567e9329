"""What streaming a network of the list over an image will do and cost, layer by layer, as plain data.

A thin layer over `wholefield.streaming.planning` for those who show it. Torch is imported only when a network is
inspected.
Numbers per axis stand in the order (y, x); texts name the width first, as everywhere on the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, isfinite
from typing import TYPE_CHECKING

from wholefield.errors import SettingError
from wholefield.networks.registry import find_model
from wholefield.tasks.slides.inspected_file import ModelFile
from wholefield.tasks.slides.layer_rows import LayerChoice, LayerRow, per_axis, rows_of
from wholefield.tasks.slides.settings import ClassifySettings, SegmentSettings, SlideTrainingSettings

if TYPE_CHECKING:
    import torch
    from torch import nn

    from wholefield.streaming.planning.plan import Plan


UNET = "unet"


class Purpose(StrEnum):
    """What a tile size must leave memory for."""

    TRAINING = "training"
    INFERENCE = "inference"


@dataclass(frozen=True)
class ReceptiveField:
    """What one position of a layer sees.

    Attributes:
        row: the layer.
        position: of the layer's output, per axis.
        field: the pixels that it sees, cut to the image, (start, stop) per axis.
        cell: the pixels that it stands for: one total stride around the center of its field, in pixels per axis.
        tiles: the tiles that hold its field, (start, stop) per axis.
    """

    row: LayerRow
    position: tuple[int, ...]
    field: tuple[tuple[int, int], ...]
    cell: tuple[tuple[float, float], ...]
    tiles: tuple[tuple[int, int], ...]

    @property
    def tile_count(self) -> int:
        """Number of tiles that hold the field."""
        (top, bottom), (left, right) = self.tiles
        return (bottom - top) * (right - left)

    def sentence(self, times: str = "x") -> str:
        """The same in words."""
        y, x = self.position
        height, width = (stop - start for start, stop in self.field)
        tiles = f"{self.tile_count:,} tiles" if self.tile_count > 1 else "1 tile"
        return f"{self.row.name}, position ({x}, {y}) sees {width} {times} {height} px, in {tiles}"


@dataclass(frozen=True)
class Inspection:
    """A network laid out over the tiles of an image.

    Attributes:
        model: its name in the list of models.
        title: its name on the screen.
        size: height and width of the image in pixels.
        rows: all operations in order, the image first.
    """

    model: str
    title: str
    size: tuple[int, int]
    rows: tuple[LayerRow, ...]
    _plan: "Plan"

    @property
    def tile_size(self) -> int:
        """Side of a tile in pixels."""
        return self._plan.tile_size[0]

    @property
    def output(self) -> LayerRow:
        """The last operation."""
        return self.rows[-1]

    def rows_of(self, choice: LayerChoice) -> tuple[LayerRow, ...]:
        """The operations that a table lists."""
        match choice:
            case LayerChoice.ALL:
                return self.rows
            case LayerChoice.WINDOWS:
                return tuple(row for row in self.rows if row.kernel)
            case LayerChoice.STAGES:
                return tuple(row for row in self.rows if row.ends_stage)

    def stage_table(self, times: str = "x") -> list[tuple[str, ...]]:
        """The passes over the tiles as texts, a row each under the headings; empty where one pass does it all."""
        from wholefield.streaming.planning.stage_table import HEADINGS, cells

        stages = self._plan.stages
        if len(stages) == 1:
            return []
        return [
            HEADINGS,
            *(cells(number, each, times, width_first=True) for number, each in enumerate(stages, 1)),
        ]

    def look(self, node: int, pixel: Sequence[int]) -> ReceptiveField:
        """What the position of a layer sees whose field is centered nearest to a pixel (y, x) of the image."""
        position = self._plan.position_at(node, pixel)
        field = self._plan.seen_from(node, position)
        cell = tuple(
            _around((axis.low + axis.high + 1) / 2 + p * axis.stride, axis.stride)
            for axis, p in zip(self._plan.layers[node].fields, position, strict=True)
        )
        tiles = tuple((start // self.tile_size, ceil(stop / self.tile_size)) for start, stop in field)
        return ReceptiveField(self.rows[node], position, field, cell, tiles)

    def readouts(self, times: str = "x") -> tuple[tuple[str, str], ...]:
        """Name and value of what matters about the whole pass."""
        from wholefield.streaming.planning.table import in_bytes

        plan, (height, width), (rows, columns) = self._plan, self.size, self._plan.counts
        overlap, memory = plan.overlapping_work, plan.memory
        field = per_axis(plan.receptive_field, times)
        seen = ", and statistics of the whole image" if len(plan.stages) > 1 else ""
        return (
            ("Image", f"{width:,} {times} {height:,} px{self._filled(times)}"),
            ("Tiles", f"{columns:,} {times} {rows:,} = {plan.tiles:,} of {self.tile_size:,} px"),
            ("Tiles at the same time", f"{plan.workers}, {plan.speedup:.2f} {times} as fast as one"),
            ("Receptive field", f"{field} px, stride {per_axis(plan.stride, times)}{seen}"),
            ("Multiply-adds", f"{plan.macs / 1e9:,.2f} G per pass"),
            ("Peak memory, inference", in_bytes(memory.forward)),
            ("Peak memory, training", in_bytes(memory.backward)),
            *self._on_disk(),
            ("Halos in training", in_bytes(memory.halos)),
            ("Kept results in training", in_bytes(memory.blocks)),
            (
                "Overlapping tiles, exact gradients",
                f"would compute each pixel {overlap:.2f} times" if isfinite(overlap) else "not possible at this size",
            ),
        )  # fmt: skip

    def _filled(self, times: str) -> str:
        height, width = self._plan.input_shape[2:]
        return "" if (height, width) == self.size else f", filled up to {width:,} {times} {height:,}"

    def _on_disk(self) -> tuple[tuple[str, str], ...]:
        from wholefield.streaming.planning.table import in_bytes

        if len(self._plan.stages) == 1:
            return ()
        memory = self._plan.memory
        return (
            ("Maps on disk, inference", in_bytes(memory.forward_disk)),
            ("Maps on disk, training", in_bytes(memory.backward_disk)),
        )


@dataclass(frozen=True)
class NetworkChoice:
    """The network that a task trains, as its settings say.

    Attributes:
        model: name in the list of models, or `unet`.
        width: channels of the finest level of a U-Net.
        depth: how often a U-Net halves the image.
        classes: classes that a U-Net tells apart.
        channels: channels of the slides that a U-Net is given.
    """

    model: str = UNET
    width: int = 16
    depth: int = 3
    classes: int = 2
    channels: int = 3

    @classmethod
    def of(cls, settings: SlideTrainingSettings) -> "NetworkChoice":
        """The network that a training trains."""
        if isinstance(settings, SegmentSettings):
            names = [name for name in settings.names.split(",") if name.strip()]
            return cls(width=settings.width, depth=settings.depth, classes=max(len(names), 2))
        assert isinstance(settings, ClassifySettings)
        return cls(settings.model)

    @property
    def title(self) -> str:
        """Its name on the screen."""
        return "U-Net" if self.model == UNET else find_model(self.model).title

    def shape(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """What the network is given for an image of this height and width."""
        return 1, self.channels if self.model == UNET else len(find_model(self.model).mean), *size

    def build(self) -> "tuple[nn.Module, nn.Module]":
        """The network, and the part of it that is streamed, with only the shapes of their parameters.

        A plan needs no more, and drawing values takes time.
        """
        import torch

        from wholefield.networks.split import streamed_part
        from wholefield.networks.u_net import unet

        network: nn.Module
        with torch.device("meta"):
            if self.model == UNET:
                network = unet(self.channels, self.classes, width=self.width, depth=self.depth)
            else:
                network = find_model(self.model).build()
        network = network.to_empty(device="cpu").eval()
        return network, network if self.model == UNET else streamed_part(network)


def inspect_network(
    choice: NetworkChoice | ModelFile | str,
    size: tuple[int, int],
    tile_size: int,
    workers: int | None = None,
    map_budget: int | None = None,
) -> Inspection:
    """Plan the streamed part of a network over an image.

    Args:
        choice: the network that a task trains, a published model, or a name in the list of models.
        size: height and width of the image in pixels.
        tile_size: side of a tile in pixels.
        workers: tiles computed at the same time; None chooses by the grid and the threads.
        map_budget: bytes of maps between stages in memory, the rest is on disk; None for all.

    Raises:
        WholefieldError: the model is unknown or cannot be opened, or the tile or the image is too small for it.
    """
    from wholefield.streaming.planning.plan import plan

    _refuse(size, tile_size)
    choice = NetworkChoice(choice) if isinstance(choice, str) else choice
    network, part = choice.build()
    made = plan(
        part, choice.shape(size), tile_size, dtype=_dtype(part), workers=workers, map_budget=map_budget
    )
    return Inspection(choice.model, choice.title, size, rows_of(made, part, _names(network, part)), made)


def suggest_for(
    choice: NetworkChoice | ModelFile | str,
    size: tuple[int, int],
    budget: int,
    purpose: Purpose = Purpose.TRAINING,
    map_budget: int | None = None,
) -> tuple[int, int]:
    """The tile size and number of workers that are likely to be fastest within a budget of memory.

    Args:
        choice: the network that a task trains, a published model, or a name in the list of models.
        size: height and width of the image in pixels.
        budget: bytes above the network and the image.
        purpose: what the memory is for.
        map_budget: bytes of maps between stages in memory, the rest is on disk; None for all.

    Returns:
        Side of a tile in pixels, and tiles computed at the same time.

    Raises:
        WholefieldError: the model is unknown or cannot be opened, the image too small for it, or no tile size fits.
    """
    from wholefield.streaming.planning.suggestions import suggest_tiling

    _refuse(size)
    choice = NetworkChoice(choice) if isinstance(choice, str) else choice
    _, part = choice.build()
    return suggest_tiling(
        part,
        choice.shape(size),
        budget,
        training=purpose is Purpose.TRAINING,
        dtype=_dtype(part),
        map_budget=map_budget,
    )


def _refuse(size: tuple[int, int], tile_size: int = 1) -> None:
    if min(size) < 1:
        raise SettingError(f"The image is {size[1]} x {size[0]} pixels; use one with at least one pixel.")
    if tile_size < 1:
        raise SettingError(f"The setting tile_size is {tile_size} but must be at least 1.")


def _names(network: "nn.Module", part: "nn.Module") -> dict[str, str]:
    """What the layers of a part are called in the whole network."""
    known = {module: name for name, module in network.named_modules()}
    return {name: known.get(module, name) for name, module in part.named_modules()}


def _around(center: Fraction, width: Fraction) -> tuple[float, float]:
    return float(center - width / 2), float(center + width / 2)


def _dtype(part: "nn.Module") -> "torch.dtype":
    """The type of the images that a network is given: that of its parameters."""
    import torch

    return next((parameter.dtype for parameter in part.parameters()), torch.float32)

"""The task stack-apply: a published network over a stack, slice by slice or as a volume, written as a stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wholefield.errors import SettingError
from wholefield.files import reserved
from wholefield.machine import free_memory
from wholefield.networks.opening import Activation, Gives, PublishedModel, open_model
from wholefield.progress import ProgressCallback
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource
from wholefield.streaming import Spill, Streamed
from wholefield.tasks.applying import AnyArray, StreamingProgress, Wanted, activated
from wholefield.tasks.stacks.data.pairs import volume_of
from wholefield.tasks.stacks.published.resampling import coarse_axis, resampled, resampled_shape
from wholefield.tasks.stacks.published.settings import StackApplySettings
from wholefield.tasks.stacks.published.stack_input import (
    Box,
    StackInput,
    measured_intensity,
    nonzero_box,
    normalized_channels,
    stored_scale,
)
from wholefield.tasks.stacks.writing import lost_place, write_stack
from wholefield.training.devices import resolve
from wholefield.training.label_values import LabelSet

SCRATCH = "result.part"
NNUNET = "nnU-Net"


def apply_to_stack(
    settings: StackApplySettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task: the result is whole or absent at any moment.

    Raises:
        WholefieldError: Stack, model or settings cannot work.
        StopAndKeep, Discarded: The control asked for it; nothing is written.
    """
    report(Started(settings.task, folder.path))
    model = open_model(settings.checkpoint)
    model.demand_streaming()
    model.network.to(resolve(settings.device))
    path, scratch = settings.result(folder.path), folder.path / SCRATCH
    try:
        with open_stack(settings.stack, settings.dataset, reading=settings.reading) as stack:
            for text in (*stack.warnings, *model.card.notes):
                report(Message(Level.WARNING if text in stack.warnings else Level.INFO, text))
            run = _Run(model, settings, stack, scratch, report, control)
            written = PartCounter("Writing slices", run.shape[0], report, control)
            write_stack(
                settings.format, path, run.planes(), run.shape, run.dtype, run.geometry,
                lambda done, _: written.done(done), labels=run.classes, channels=run.channels, names=run.names,
            )  # fmt: skip
            lost = lost_place(settings.format, stack.geometry)
    finally:
        scratch.unlink(missing_ok=True)
    report(Message(Level.INFO, f"The result was written to {path}."))
    if lost:
        report(Message(Level.INFO, lost))


@dataclass
class _Run:
    """A network over a stack.

    Attributes:
        model: The network.
        settings: What is wanted.
        stack: The stack.
        scratch: A file for what does not fit in memory.
        report: Told of progress.
        control: Obeyed between tiles.
    """

    model: PublishedModel
    settings: StackApplySettings
    stack: StackSource
    scratch: Path
    report: ReportFunction
    control: Control

    def __post_init__(self) -> None:
        """Refuse a stack that the network cannot take.

        Raises:
            SettingError: It has other channels, or the network gives nothing per voxel.
        """
        card, stack, name = self.model.card, self.stack, self.settings.checkpoint.name
        if card.gives is Gives.VECTOR:
            raise SettingError(
                f"{name} gives one answer for a whole image, not a stack; use it on a picture."
            )
        if stack.channels * card.slices != card.channels:
            raise SettingError(
                f"{name} takes {card.channels} channels ({card.slices} slices), but {stack.name} has {stack.channels} "
                "per slice; choose another stack or model."
            )
        if self.settings.wanted is Wanted.PROBABILITIES and card.activation is Activation.NONE:
            raise SettingError(f"{name} does not say how its output becomes probabilities; write the values.")
        if self.settings.wanted is Wanted.CLASSES and card.outputs < 2:
            raise SettingError(f"{name} gives one value per voxel, not classes.")

    @property
    def classes(self) -> bool:
        """Whether the most probable class is written."""
        wanted = self.settings.wanted
        by_itself = wanted is Wanted.AUTO and self.model.card.gives is Gives.CLASSES
        return wanted is Wanted.CLASSES or by_itself

    @property
    def channels(self) -> int:
        """Values per voxel of the result."""
        return 1 if self.classes else self.model.card.outputs

    @property
    def names(self) -> Sequence[str]:
        """What the channels are called."""
        return () if self.channels == 1 else self.model.card.names

    @property
    def labels(self) -> LabelSet:
        """The values of the classes."""
        card = self.model.card
        return LabelSet(card.values if len(card.values) == card.outputs else tuple(range(card.outputs)))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the result."""
        return self.labels.in_file(np.zeros(1, np.uint8)).dtype if self.classes else np.dtype(np.float32)

    @property
    def scale(self) -> tuple[Fraction, Fraction, Fraction]:
        """Voxels of the result per voxel of the stack."""
        found = self.model.card.streaming.scale
        z, y, x = found if len(found) == 3 else (Fraction(1), *found)
        return z, y, x

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of the result."""
        z, y, x = (ceil(side * each) for side, each in zip(self.stack.shape, self.scale, strict=True))
        return z, y, x

    @property
    def geometry(self) -> StackGeometry:
        """Where the voxels of the result lie."""
        here, factors = self.stack.geometry, [float(each) for each in self.scale]
        if factors == [1.0, 1.0, 1.0]:
            return here
        spacing = here.spacing and tuple(
            each / factor for each, factor in zip(here.spacing, factors, strict=True)
        )
        affine = here.affine
        if affine is not None:
            # Voxel 0 of the result has its center where its part of the first voxel of the stack has it.
            x, y, z = reversed([1 / factor for factor in factors])
            finer = np.diag([x, y, z, 1.0])
            finer[:3, 3] = [(each - 1) / 2 for each in (x, y, z)]
            affine = affine @ finer
        return StackGeometry(spacing, here.unit, affine)  # type: ignore[arg-type]  # three of three

    def planes(self) -> Iterator[AnyArray]:
        """What is written of every slice, first to last."""
        if self.model.card.source.startswith(NNUNET):
            yield from self._as_nnunet()
            return
        whole: Box = tuple((0, side) for side in self.stack.shape)
        intensity = measured_intensity(
            self.stack, self.model.card, whole, self._percent("Measuring intensities")
        )
        like = next(self.model.network.parameters(), torch.empty(0))
        if self.model.card.axes == 2:
            for at in range(self.stack.shape[0]):
                yield self._plane(
                    self._streamed(StackInput(self.stack, self.model.card, intensity, like, at))
                )
            return
        image = StackInput(self.stack, self.model.card, intensity, like, None)
        output = self._written(image)
        for z in range(self.shape[0]):
            yield self._plane(np.asarray(output[0, :, z]))

    def _streamed(self, image: StackInput) -> AnyArray:
        """The output for one slice, (outputs, rows, columns)."""
        with torch.no_grad():
            found: AnyArray = self._network()(image)[0].double().cpu().numpy()
        return found[:, : self.shape[1], : self.shape[2]]

    def _written(self, image: StackInput) -> AnyArray:
        """The output for a volume, on disk: (1, outputs, z, y, x)."""
        scale = self.model.card.streaming.scale
        sides = [int(side * each) for side, each in zip(image.shape[2:], scale, strict=True)]
        output = reserved(self.scratch, (1, self.model.card.outputs, *sides), np.float32)
        network = self._network()
        network.on_tile = StreamingProgress("Predicting", self.report, self.control)
        network.write(image, output)
        return output[:, :, : self.shape[0], : self.shape[1], : self.shape[2]]

    def _network(self) -> Streamed:
        settings = self.settings
        spill = Spill(settings.map_folder, settings.map_memory * 2**20)
        return Streamed(self.model.streamed, settings.tile_size, poll=self.control.poll, spill=spill).eval()

    def _plane(self, output: AnyArray) -> AnyArray:
        """What is written of a slice of the output, (outputs, rows, columns)."""
        if not np.isfinite(output).all():
            raise SettingError(f"The model {self.settings.checkpoint.name} gives values that are not finite.")
        if self.classes:
            return self.labels.in_file(output.argmax(0).astype(np.uint8))
        probable = self.settings.wanted is Wanted.PROBABILITIES
        found = activated(output, self.model.card.activation, 0) if probable else output
        plane = np.moveaxis(found, 0, -1).astype(np.float32)
        return plane[..., 0] if plane.shape[-1] == 1 else plane

    def _as_nnunet(self) -> Iterator[AnyArray]:
        """As nnU-Net does it: crop to what is not 0, normalize, resample, predict, resample back, put in place."""
        card, stack = self.model.card, self.stack
        order = tuple("zyx".index(letter) for letter in card.more.get("axes", "zyx"))
        back = tuple(np.argsort(order))
        box = nonzero_box(stack, self._percent("Finding the box of values"))
        intensity = measured_intensity(stack, card, box, self._percent("Measuring intensities"))
        before = self._spacing(order)
        sides = tuple(box[axis][1] - box[axis][0] for axis in order)
        wanted = card.spacing or before
        after = (before[0], *wanted) if len(wanted) == 2 else wanted
        target, apart = resampled_shape(sides, before, after), coarse_axis(before, after)
        self._demand_memory(sides, target)
        voxels = volume_of(stack, *(slice(*span) for span in box)).numpy() * stored_scale(stack, card)
        given = normalized_channels(voxels, intensity).transpose(0, *(axis + 1 for axis in order))
        given = np.stack([resampled(each, target, apart, 3) for each in given])
        output = self._predicted(given)
        again = np.stack([resampled(each, sides, apart, 1) for each in output])
        again = again.transpose(0, *(axis + 1 for axis in back))
        (first, last), rows, columns = box
        for z in range(stack.shape[0]):
            plane = self._outside(again)
            if first <= z < last:
                plane[slice(*rows), slice(*columns)] = self._plane(again[:, z - first])
            yield plane

    def _predicted(self, given: AnyArray) -> AnyArray:
        """The outputs (outputs, z, y, x) for a normalized volume; filled up with 0 to multiples, as nnU-Net does."""
        like = next(self.model.network.parameters())
        card = self.model.card
        multiple = (1, *card.streaming.multiple) if card.axes == 2 else card.streaming.multiple
        missing = [-side % each for side, each in zip(given.shape[1:], multiple, strict=True)]
        filled = np.pad(given, ((0, 0), *((0, each) for each in missing)))
        volume = torch.from_numpy(filled).to(like)
        network, progress = self._network(), self._percent("Predicting")
        z, y, x = given.shape[1:]
        with torch.no_grad():
            if card.axes == 3:
                return network(volume[None])[0, :, :z, :y, :x].double().cpu().numpy()
            planes = []
            for at in range(z):
                planes.append(network(volume[None, :, at])[0, :, :y, :x].double().cpu().numpy())
                progress(at + 1, z)
            return np.stack(planes, 1)

    def _outside(self, output: AnyArray) -> AnyArray:
        """A slice of what is outside of the box: the first class, or zeros."""
        if self.classes:
            background = self.labels.in_file(np.zeros(1, np.uint8))[0]
            return np.full(self.stack.shape[1:], background, self.dtype)
        several = (len(output),) if len(output) > 1 else ()
        return np.zeros((*self.stack.shape[1:], *several), np.float32)

    def _spacing(self, order: Sequence[int]) -> tuple[float, ...]:
        """Spacing in mm along the axes of the network."""
        geometry = self.stack.geometry
        if geometry.spacing is None or not geometry.unit:
            raise SettingError(
                f"{self.stack.name} does not say its voxel size, which nnU-Net needs; give it in the reading, such as "
                "spacing=1 mm."
            )
        factor = {"mm": 1.0, "um": 1e-3}[geometry.unit]
        return tuple(geometry.spacing[axis] * factor for axis in order)

    def _demand_memory(self, sides: Sequence[int], target: Sequence[int]) -> None:
        """Refuse a volume whose resampling does not fit in memory: splines need all of it at once.

        Raises:
            SettingError: It does not.
        """
        card = self.model.card
        voxels = max(int(np.prod(sides)), int(np.prod(target)))
        needed = voxels * 8 * (2 * card.channels + 2 * card.outputs + 6)
        if needed > free_memory():
            raise SettingError(
                f"Resampling {self.stack.name} to the voxels of nnU-Net takes {needed / 1e9:.1f} GB of memory, "
                f"{free_memory() / 1e9:.1f} GB are free; use a part of the stack."
            )

    def _percent(self, what: str) -> ProgressCallback:
        counter = PartCounter(what, 100, self.report, self.control)

        def progress(done: int, total: int) -> None:
            counter.done(round(100 * done / max(total, 1)))

        return progress

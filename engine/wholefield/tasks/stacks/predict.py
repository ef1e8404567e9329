"""The task stack-predict: a trained network over a whole stack, written slice by slice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.networks.msd.checkpoints import read_checkpoint
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import fits, predict_image, predict_rows
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import AnyArray, StackSource
from wholefield.tasks.stacks.counter import PartCounter
from wholefield.tasks.stacks.numbers import whole_numbers
from wholefield.tasks.stacks.pairs import slab_around, volume_of
from wholefield.tasks.stacks.scratch import SCRATCH, scratch_volume
from wholefield.tasks.stacks.settings import StackPredictSettings
from wholefield.tasks.stacks.spec import StackSpec, read_spec
from wholefield.tasks.stacks.volumes import volume_blocks, volume_windows
from wholefield.tasks.stacks.writing import lost_place, write_stack
from wholefield.training.checkpoints import SPEC
from wholefield.training.devices import resolve
from wholefield.training.settings import Precision

# Beyond this ratio of the voxel sizes, structures no longer look as they did in training.
TOLERATED_RATIO = 1.25


def predict_stack(
    config: StackPredictSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task: the result is whole or absent at any moment.

    Raises:
        WholefieldError: stack, checkpoint or settings cannot work.
        StopAndKeep, Discarded: the control asked for it, between two slices or parts of one; nothing is written.
    """
    report(Started(config.task, folder.path))
    with open_stack(config.stack, config.dataset) as stack:
        network = load_network(config, stack.channels)
        _demand_fitting(network, stack)
        for text in (*stack.warnings, *_other_spacing(network.spec, stack)):
            report(Message(Level.WARNING, text))
        counter = PartCounter("Predicting slices", stack.shape[0], report, control)
        path = config.result(folder.path)
        planes = (
            predicted_planes(network, stack, counter.poll)
            if network.model.ndim == 2
            else predicted_volume(network, stack, folder.path / SCRATCH, report, control)
        )
        write_stack(
            config.format,
            path,
            planes,
            stack.shape,
            network.dtype,
            stack.geometry,
            lambda done, _: counter.done(done),
            labels=network.gives_labels,
        )
    report(Message(Level.INFO, f"The prediction is in {path}."))
    if lost := lost_place(config.format, stack.geometry):
        report(Message(Level.INFO, lost))


@dataclass(frozen=True)
class StackNetwork:
    """A trained network and what is written of its output.

    Attributes:
        model: the network, on its device.
        spec: what is known of its training.
        shown: the class whose probability is written; None writes the labels, or the values of a regression.
    """

    model: MSDNetwork
    spec: StackSpec
    shown: int | None = None

    @property
    def gives_labels(self) -> bool:
        """Whether labels are written, not numbers."""
        return self.shown is None and self.model.task is Task.SEGMENTATION

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of what is written."""
        if not self.gives_labels:
            return np.dtype(np.float32)
        return self.spec.label_set.in_file(np.zeros(1, np.uint8)).dtype

    def plane(self, output: Tensor) -> AnyArray:
        """What is written of an output, (c_out, ...) to (...)."""
        if self.model.task is Task.REGRESSION:
            return output[0].float().cpu().numpy()
        if self.shown is not None:
            return output[self.shown].float().exp().cpu().numpy()
        return self.spec.label_set.in_file(output.argmax(0).cpu().numpy().astype(np.uint8))


def load_network(config: StackPredictSettings, channels: int) -> StackNetwork:
    """The network of a checkpoint, ready to predict a stack of so many channels.

    Raises:
        WholefieldError: the checkpoint is no such network, or lacks the label that is asked for.
    """
    dilations = None if config.dilations is None else whole_numbers("dilations", config.dilations)
    model = MSDNetwork.from_checkpoint(config.checkpoint, dilations)
    if model.task is Task.REGRESSION and model.c_out > 1:
        raise SettingError(
            f"The network of {config.checkpoint} gives {model.c_out} values a voxel, but a stack is written with one; "
            "choose a network with one output."
        )
    extra = read_checkpoint(config.checkpoint).extra
    spec = read_spec(extra, config.checkpoint) if SPEC in extra else _spec_of(model, channels)
    shown = None
    if config.probability_of is not None:
        if config.probability_of not in spec.labels:
            known = ", ".join(map(str, spec.labels)) or "none"
            raise SettingError(
                f"The setting probability_of is {config.probability_of}, but the labels of "
                f"{config.checkpoint} are {known}."
            )
        shown = spec.labels.index(config.probability_of)
    model.to(resolve(config.device))
    if config.precision is Precision.BF16:
        model.msd.bfloat16()
    return StackNetwork(model, spec, shown)


def _spec_of(model: MSDNetwork, channels: int) -> StackSpec:
    """The description of a network that was trained elsewhere: its channels are neighbouring slices."""
    labels = tuple(range(model.c_out)) if model.task is Task.SEGMENTATION else ()
    return StackSpec(model.task.value, channels, max(1, model.c_in // channels), labels)


def _demand_fitting(network: StackNetwork, stack: StackSource) -> None:
    """Refuse a stack that the network cannot take.

    Raises:
        SettingError: it has other channels or is smaller than a dilation.
    """
    model, spec = network.model, network.spec
    if stack.channels != spec.channels or stack.channels * spec.slab != model.c_in or spec.slab % 2 == 0:
        raise SettingError(
            f"The network takes {model.c_in} channels ({spec.slab} slices of {spec.channels}), but {stack.name} has "
            f"{stack.channels} a slice; choose another stack or checkpoint."
        )
    smallest = min(stack.shape[-model.ndim :])
    if max(model.dilations) > smallest:
        raise SettingError(
            f"The network reaches {max(model.dilations)} voxels far, but {stack.name} is only {smallest} wide along "
            "one axis; choose a larger stack."
        )


def _other_spacing(spec: StackSpec, stack: StackSource) -> list[str]:
    """What to say of voxels of another size than in training."""
    here, there = stack.geometry.spacing, spec.spacing
    if here is None or there is None or stack.geometry.unit != spec.unit:
        return []
    ratio = np.array(here) / there
    if max(ratio.max(), (1 / ratio).max()) <= TOLERATED_RATIO:
        return []
    sizes = (" x ".join(f"{value:.3g}" for value in spacing) for spacing in (here, there))
    return [
        "{} has voxels of {} {unit}, but the network was trained at {}; resample the stack.".format(
            stack.name, *sizes, unit=spec.unit
        )
    ]


def predicted_planes(
    network: StackNetwork, stack: StackSource, poll: Callable[[], None]
) -> Iterator[AnyArray]:
    """What is written of every slice, first to last; slices too large for memory row by row.

    Args:
        network: the network, over slices.
        stack: the stack.
        poll: called before every part of the work.
    """
    for at in range(stack.shape[0]):
        poll()
        if fits(network.model, stack.shape[1:]):
            yield network.plane(predict_image(network.model, slab_around(stack, at, network.spec.slab)))
        else:
            yield np.concatenate(list(_row_blocks(network, stack, at, poll)))


def _row_blocks(
    network: StackNetwork, stack: StackSource, at: int, poll: Callable[[], None]
) -> Iterator[AnyArray]:
    def read(first: int, end: int) -> Tensor:
        poll()
        return slab_around(stack, at, network.spec.slab, slice(first, end))

    for _, block in predict_rows(network.model, read, stack.shape[1:]):
        yield network.plane(block)


def predicted_volume(
    network: StackNetwork, stack: StackSource, scratch: Path, report: ReportFunction, control: Control
) -> Iterator[AnyArray]:
    """What is written of every slice of a volume, first to last.

    Args:
        network: the network, over volumes.
        stack: the volume.
        scratch: a file that windows are collected in where the planes are too large for memory.
        report: told of every window then.
        control: obeyed between slabs.
    """

    def read(slices: slice, rows: slice, columns: slice) -> Tensor:
        control.poll()
        return volume_of(stack, slices, rows, columns)

    cut = volume_windows(network.model, stack.shape)
    blocks = volume_blocks(network.model, read, stack.shape, cut)
    if len(cut) == 1:
        for block in blocks:
            yield from network.plane(block.values)
        return
    counter = PartCounter("Predicting windows", len(cut), report, control)
    with scratch_volume(scratch, stack.shape, network.dtype) as collected:
        done = 0
        for block in blocks:
            collected.put(block.box, network.plane(block.values))
            if block.box[0].stop == stack.shape[0]:
                done += 1
                counter.done(done)
        yield from collected.planes()

"""The task stack-predict: a trained network over a whole stack, written slice by slice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.networks.msd.checkpoints import read_checkpoint
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.errors import CheckpointError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import fits, predict_rows
from wholefield.networks.msd.scaling import filled
from wholefield.networks.state_files import read_content
from wholefield.numbers import whole_numbers
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources import Kind, kind_of
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import AnyArray, StackSource
from wholefield.tasks.stacks.data.gaps import gap_note, not_finite, with_gaps
from wholefield.tasks.stacks.data.pairs import slab_around, volume_of
from wholefield.tasks.stacks.inference.scratch import SCRATCH, scratch_volume
from wholefield.tasks.stacks.inference.volumes import volume_blocks, volume_windows
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.tasks.stacks.published.apply import apply_to_stack
from wholefield.tasks.stacks.published.settings import StackApplySettings
from wholefield.tasks.stacks.training import predicted
from wholefield.tasks.stacks.writing import lost_place, write_stack
from wholefield.training.checkpoints import CARD, FORMER_CARD, card_in
from wholefield.training.devices import resolve
from wholefield.training.label_values import LabelSet
from wholefield.training.model_card import InputCard, ModelCard, label_classes
from wholefield.training.settings import Precision

# Beyond this ratio of the voxel sizes, structures no longer look as they did in training.
TOLERATED_RATIO = 1.25


def predict_stack(
    settings: StackPredictSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task: the result is whole or absent at any moment.

    Raises:
        WholefieldError: stack, checkpoint or settings cannot work.
        StopAndKeep, Discarded: the control asked for it, between two slices or parts of one; nothing is written.
    """
    report(Started(settings.task, folder.path))
    if not is_dense(settings.checkpoint):
        apply_to_stack(published_settings(settings, folder.path), folder, report, control)
        return
    with open_stack(settings.stack, settings.dataset, reading=settings.reading) as stack:
        network = load_network(settings, stack.channels)
        _demand_fitting(network, stack)
        for text in (*stack.warnings, *_other_spacing(network.card.input, stack)):
            report(Message(Level.WARNING, text))
        counter = PartCounter("Predicting slices", stack.shape[0], report, control)
        path = settings.result(folder.path)
        planes = (
            predicted_planes(network, stack, counter.poll)
            if network.model.ndim == 2
            else predicted_volume(network, stack, folder.path / SCRATCH, report, control)
        )
        gaps: list[int] = []
        planes = with_gaps(planes, partial(not_finite, stack), gaps.append)
        write_stack(
            settings.format,
            path,
            planes,
            stack.shape,
            network.dtype,
            stack.geometry,
            lambda done, _: counter.done(done),
            labels=network.gives_labels,
        )
        if gaps:
            report(Message(Level.WARNING, gap_note(sum(gaps), stack.name, labels=network.gives_labels)))
    report(Message(Level.INFO, f"The prediction was written to {path}."))
    if lost := lost_place(settings.format, stack.geometry):
        report(Message(Level.INFO, lost))


def is_dense(checkpoint: Path) -> bool:
    """Whether a file is to be read as a mixed-scale dense network: it is one, or no model of another kind."""
    try:
        read_checkpoint(checkpoint)
    except CheckpointError:
        return kind_of(checkpoint) is not Kind.MODEL
    return True


def published_settings(settings: StackPredictSettings, folder: Path) -> StackApplySettings:
    """The settings that use a published model in place of a checkpoint.

    Raises:
        SettingError: A setting has a meaning for mixed-scale dense networks only.
    """
    for name in ("probability_of", "dilations"):
        if getattr(settings, name) is not None:
            raise SettingError(
                f"The setting {name} is for mixed-scale dense networks, which {settings.checkpoint.name} is not; "
                "use apply-stack with wanted=probabilities, or leave it out."
            )
    return StackApplySettings(
        stack=settings.stack, dataset=settings.dataset, reading=settings.reading, checkpoint=settings.checkpoint,
        format=settings.format, output=settings.result(folder), device=settings.device,
    )  # fmt: skip


@dataclass(frozen=True)
class StackNetwork:
    """A trained network and what is written of its output.

    Attributes:
        model: the network, on its device.
        card: what is known of its training.
        shown: the class whose probability is written; None writes the labels, or the values of a regression.
    """

    model: MSDNetwork
    card: ModelCard
    shown: int | None = None

    @property
    def labels(self) -> LabelSet:
        """The labels, to turn classes into values."""
        return LabelSet(self.card.values)

    @property
    def gives_labels(self) -> bool:
        """Whether labels are written, not numbers."""
        return self.shown is None and self.model.task is Task.SEGMENTATION

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of what is written."""
        if not self.gives_labels:
            return np.dtype(np.float32)
        return self.labels.in_file(np.zeros(1, np.uint8)).dtype

    def plane(self, output: Tensor) -> AnyArray:
        """What is written of an output, (c_out, ...) to (...)."""
        if self.model.task is Task.REGRESSION:
            return output[0].float().cpu().numpy()
        if self.shown is not None:
            return output[self.shown].float().exp().cpu().numpy()
        return self.labels.in_file(output.argmax(0).cpu().numpy().astype(np.uint8))


def load_network(settings: StackPredictSettings, channels: int) -> StackNetwork:
    """The network of a checkpoint, ready to predict a stack of so many channels.

    Raises:
        WholefieldError: the checkpoint is no such network, or lacks the label that is asked for.
    """
    dilations = None if settings.dilations is None else whole_numbers("dilations", settings.dilations)
    model = MSDNetwork.from_checkpoint(settings.checkpoint, dilations)
    if model.task is Task.REGRESSION and model.c_out > 1:
        raise SettingError(
            f"The network of {settings.checkpoint} gives {model.c_out} values per voxel, but a stack is written "
            "with one; choose a network with one output."
        )
    content = read_content(settings.checkpoint)
    described = CARD in content or FORMER_CARD in content
    card = card_in(content, settings.checkpoint) if described else _card_of(model, channels)
    shown = None
    if settings.probability_of is not None:
        if settings.probability_of not in card.values:
            known = ", ".join(map(str, card.values)) or "none"
            raise SettingError(
                f"The setting probability_of is {settings.probability_of}, but the labels of "
                f"{settings.checkpoint} are {known}."
            )
        shown = card.values.index(settings.probability_of)
    model.to(resolve(settings.device))
    if settings.precision is Precision.BF16:
        model.msd.bfloat16()
    return StackNetwork(model, card, shown)


def _card_of(model: MSDNetwork, channels: int) -> ModelCard:
    """The card of a network that was trained elsewhere: its channels are neighboring slices."""
    labels = tuple(range(model.c_out)) if model.task is Task.SEGMENTATION else ()
    given = InputCard(channels, slices=max(1, model.c_in // channels))
    return ModelCard(model.task.value, "msd", classes=label_classes(labels), input=given)


def _demand_fitting(network: StackNetwork, stack: StackSource) -> None:
    """Refuse a stack that the network cannot take.

    Raises:
        SettingError: it has other channels or is smaller than a dilation.
    """
    model, given = network.model, network.card.input
    if (
        stack.channels != given.channels
        or stack.channels * given.slices != model.c_in
        or given.slices % 2 == 0
    ):
        raise SettingError(
            f"The network takes {model.c_in} channels ({given.slices} slices of {given.channels}), but {stack.name} "
            f"has {stack.channels} per slice; choose another stack or checkpoint."
        )
    smallest = min(stack.shape[-model.ndim :])
    if max(model.dilations) > smallest:
        raise SettingError(
            f"The network reaches {max(model.dilations)} voxels, but {stack.name} is only {smallest} voxels wide along "
            "one axis; choose a larger stack."
        )


def _other_spacing(given: InputCard, stack: StackSource) -> list[str]:
    """What to say of voxels of another size than in training."""
    here, there = stack.geometry.spacing, given.spacing
    if here is None or there is None or stack.geometry.unit != given.unit:
        return []
    ratio = np.array(here) / there
    if max(ratio.max(), (1 / ratio).max()) <= TOLERATED_RATIO:
        return []
    sizes = (" x ".join(f"{value:.3g}" for value in spacing) for spacing in (here, there))
    return [
        "{} has voxels of {} {unit}, but the network was trained at {}; resample the stack.".format(
            stack.name, *sizes, unit=given.unit
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
            yield network.plane(predicted(network.model, slab_around(stack, at, network.card.input.slices)))
        else:
            yield np.concatenate(list(_row_blocks(network, stack, at, poll)))


def _row_blocks(
    network: StackNetwork, stack: StackSource, at: int, poll: Callable[[], None]
) -> Iterator[AnyArray]:
    def read(first: int, end: int) -> Tensor:
        poll()
        rows = slab_around(stack, at, network.card.input.slices, slice(first, end))
        return filled(network.model.scale_in, rows)

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
        return filled(network.model.scale_in, volume_of(stack, slices, rows, columns))

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

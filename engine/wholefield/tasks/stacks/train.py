"""The tasks stack-regression and stack-segmentation: train a mixed-scale dense network on a pair of stacks."""

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource
from wholefield.tasks.stacks.counter import PartCounter
from wholefield.tasks.stacks.label_values import count_labels
from wholefield.tasks.stacks.labels import LabelSet, label_set
from wholefield.tasks.stacks.normalising import measured
from wholefield.tasks.stacks.pairs import SlicePairs, Target, VolumePairs
from wholefield.tasks.stacks.preview import preview_of
from wholefield.tasks.stacks.session import Session
from wholefield.tasks.stacks.settings import (
    StackPairSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
)
from wholefield.tasks.stacks.spec import StackSpec
from wholefield.tasks.stacks.split import Split, demand_pairs, long_runs, preview_slice, split_slices
from wholefield.training.fit import weights_of
from wholefield.training.pairs import Pairs
from wholefield.training.settings import ClassWeighting


def train_regression(
    config: StackRegressionSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; goes on from last.ckpt where the folder has one.

    Raises:
        WholefieldError: stacks or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt and best.ckpt are written.
        Discarded: the control asked for it.
    """
    with ExitStack() as opened:
        stack, target = _open(config, opened)
        torch.manual_seed(config.seed)
        model = MSDNetwork(
            stack.channels * config.input_slices,
            1,
            config.depth,
            config.width,
            config.dilation_values,
            loss=config.loss,
            ndim=config.ndim,
        )
        _train(config, model, stack, Target(target), folder, report, control)


def train_segmentation(
    config: StackSegmentationSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; goes on from last.ckpt where the folder has one.

    Raises:
        WholefieldError: stacks or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt and best.ckpt are written.
        Discarded: the control asked for it.
    """
    with ExitStack() as opened:
        stack, target = _open(config, opened)
        counts = _count(target, split_slices(stack.shape[0], config), report, control)
        labels = label_set(counts, config, target.name)
        pixels = torch.tensor([counts.get(value, 0) for value in labels.values], dtype=torch.float64)
        report(Message(Level.INFO, _shares(labels, pixels)))
        torch.manual_seed(config.seed)
        model = MSDNetwork(
            stack.channels * config.input_slices,
            len(labels.values),
            config.depth,
            config.width,
            config.dilation_values,
            ndim=config.ndim,
            task=Task.SEGMENTATION,
            class_weights=weights_of(pixels) if config.class_weighting is ClassWeighting.BALANCED else None,
            ignore_label=labels.ignored_class,
        )
        _train(config, model, stack, Target(target, labels), folder, report, control)


def _open(config: StackPairSettings, opened: ExitStack) -> tuple[StackSource, StackSource]:
    """The two stacks.

    Raises:
        SourceError: one of them cannot be opened.
        SettingError: they do not fit each other or the settings.
    """
    stack = opened.enter_context(open_stack(config.stack, config.dataset))
    target = opened.enter_context(open_stack(config.target, config.target_dataset))
    if stack.shape != target.shape:
        raise SettingError(
            f"{stack.name} has {_size(stack)} voxels (z, y, x) but {target.name} has {_size(target)}; "
            "choose a target of the same size."
        )
    if target.channels > 1:
        raise SettingError(
            f"{target.name} has {target.channels} channels, but a target has one; save one of them by itself."
        )
    smallest = min(stack.shape[-config.ndim :])
    if max(config.dilation_values) > smallest:
        raise SettingError(
            f"The setting dilations goes up to {max(config.dilation_values)}, but {stack.name} is only {smallest} "
            "voxels wide along one axis; use smaller dilations."
        )
    return stack, target


def _size(stack: StackSource) -> str:
    return " x ".join(map(str, stack.shape))


def _count(target: StackSource, split: Split, report: ReportFunction, control: Control) -> dict[int, int]:
    """Count the labels of all slices; those of the training slices weigh, the others must only be known."""
    slices = (*split.training, *split.validation)
    counter = PartCounter("Counting labels", len(slices), report, control)
    counts = count_labels(target, split.training, counter.done)
    others = count_labels(target, split.validation, lambda number: counter.done(len(split.training) + number))
    return dict.fromkeys(others, 0) | counts


def _shares(labels: LabelSet, pixels: Tensor) -> str:
    shares = (
        f"{value} {share:.1%}"
        for value, share in zip(labels.values, (pixels / pixels.sum().clamp_min(1)).tolist(), strict=True)
    )
    return f"Shares of the labels: {', '.join(shares)}."


def _train(
    config: StackPairSettings,
    model: MSDNetwork,
    stack: StackSource,
    target: Target,
    folder: RunFolder,
    report: ReportFunction,
    control: Control,
) -> None:
    split = split_slices(stack.shape[0], config)
    labels = () if target.labels is None else target.labels.values
    geometry = stack.geometry
    spec = StackSpec(
        config.task, stack.channels, config.input_slices, labels, geometry.spacing, geometry.unit
    )
    session = Session(model, spec, config, folder, report, control)
    training, validation = (
        _pairs(config, stack, target, slices) for slices in (split.training, split.validation)
    )
    warning = demand_pairs(config, split, training, validation)
    preview = preview_of(config, model, stack, target, preview_slice(stack.shape[0], split, config))
    steps = session.settings.steps(len(training)) * config.epochs
    report(Started(config.task, folder.path, steps, config.epochs, tuple(map(str, labels))))
    for text in (*stack.warnings, *([warning] if warning else ())):
        report(Message(Level.WARNING, text))
    if not session.continued:
        model.set_normalization(measured(SlicePairs(stack, target, split.training), report, control))
    session.train(training, validation, preview)


def _pairs(config: StackPairSettings, stack: StackSource, target: Target, slices: Sequence[int]) -> Pairs:
    if config.ndim == 2:
        return SlicePairs(stack, target, slices, config.input_slices)
    return VolumePairs(stack, target, long_runs(slices, config))

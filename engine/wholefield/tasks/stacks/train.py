"""The tasks stack-regression and stack-segmentation: train a mixed-scale dense network on a pair of stacks."""

from collections.abc import Sequence
from contextlib import ExitStack

from wholefield.errors import SettingError
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource
from wholefield.tasks.stacks.data.gaps import count_gaps, notes_on_gaps
from wholefield.tasks.stacks.data.labels import count_labels, left_out
from wholefield.tasks.stacks.data.pairs import SlicePairs, Target, VolumePairs
from wholefield.tasks.stacks.data.split import Split, described, long_runs, preview_slice, split_of_run
from wholefield.tasks.stacks.preview import preview_of
from wholefield.tasks.stacks.settings import (
    StackPairSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
)
from wholefield.tasks.stacks.training import StackTrainee, arguments_of, network_of, train
from wholefield.training.label_values import LabelCounts, LabelOptions, LabelSet, label_set, notes_on_labels
from wholefield.training.model_card import (
    TRAINING,
    VALIDATION,
    InputCard,
    ModelCard,
    data_files,
    label_classes,
    versions,
)
from wholefield.training.pairs import Pairs
from wholefield.training.quality import DICE, PSNR


def train_regression(
    settings: StackRegressionSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; continues from last.ckpt if the folder has one.

    Raises:
        WholefieldError: stacks or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt is written.
        Discarded: the control asked for it.
    """
    with ExitStack() as opened:
        stack, target = _open(settings, opened)
        split, notes = split_of_run(stack.shape[0], settings, folder)
        network = network_of(settings, stack.channels * settings.input_slices, loss=settings.loss)
        _train(settings, network, stack, Target(target), split, notes, folder, report, control)


def train_segmentation(
    settings: StackSegmentationSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; continues from last.ckpt if the folder has one.

    Raises:
        WholefieldError: stacks or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt is written.
        Discarded: the control asked for it.
    """
    with ExitStack() as opened:
        stack, target = _open(settings, opened)
        split, notes = split_of_run(stack.shape[0], settings, folder)
        counts, labeled = _count(target, split, settings.label_options, report, control)
        labels = label_set(counts)
        pixels = [counts.counts.get(value, 0) for value in labels.values]
        report(Message(Level.INFO, _shares(labels, pixels)))
        for message in notes_on_labels(labels, counts):
            report(message)
        if labeled.isdisjoint(split.training):
            raise SettingError(
                f"No training slice of {target.name} has a label; label some, or choose others in validation_slices."
            )
        if settings.ndim == 2 and (sentence := left_out(split.training, labeled)):
            report(Message(Level.INFO, sentence))
        network = network_of(
            settings,
            stack.channels * settings.input_slices,
            len(labels.values),
            task=Task.SEGMENTATION,
            class_weights=settings.class_weighting.weights(pixels),
            ignore_label=labels.ignored_class,
        )
        wanted = Target(target, labels, frozenset(labeled))
        _train(settings, network, stack, wanted, split, notes, folder, report, control)


def _open(settings: StackPairSettings, opened: ExitStack) -> tuple[StackSource, StackSource]:
    """The two stacks.

    Raises:
        SourceError: one of them cannot be opened.
        SettingError: they do not fit each other or the settings.
    """
    stack = opened.enter_context(open_stack(settings.stack, settings.dataset, reading=settings.reading))
    target = opened.enter_context(
        open_stack(settings.target, settings.target_dataset, reading=settings.target_reading)
    )
    if stack.shape != target.shape:
        raise SettingError(
            f"{stack.name} has {_size(stack)} voxels (z, y, x) but {target.name} has {_size(target)}; "
            "choose a target of the same size."
        )
    if target.channels > 1:
        raise SettingError(
            f"{target.name} has {target.channels} channels, but a target must have one; "
            "save one of them as a separate file."
        )
    smallest = min(stack.shape[-settings.ndim :])
    if max(settings.dilation_values) > smallest:
        raise SettingError(
            f"The setting dilations goes up to {max(settings.dilation_values)}, but {stack.name} is only {smallest} "
            "voxels wide along one axis; use smaller dilations."
        )
    return stack, target


def _size(stack: StackSource) -> str:
    return " x ".join(map(str, stack.shape))


def _count(
    target: StackSource, split: Split, options: LabelOptions, report: ReportFunction, control: Control
) -> tuple[LabelCounts, set[int]]:
    """The labels of all slices, and the slices that have any.

    Those of the training slices weigh, the others must only be known.
    """
    labeled: set[int] = set()
    slices = (*split.training, *split.validation)
    counter = PartCounter("Counting labels", len(slices), report, control)
    counts = count_labels(target, split.training, counter.done, options, labeled)
    others = count_labels(
        target,
        split.validation,
        lambda number: counter.done(len(split.training) + number),
        options,
        labeled,
    )
    counts.counts = dict.fromkeys(others.counts, 0) | counts.counts
    counts.unlabeled += others.unlabeled
    return counts, labeled


def _gaps(
    stack: StackSource, target: StackSource, split: Split, report: ReportFunction, control: Control
) -> tuple[str, ...]:
    """What to say of voxels that are not finite; whole numbers are, without looking.

    Raises:
        SettingError: There is nothing finite to learn from.
    """
    if not {stack.dtype.kind, target.dtype.kind} & set("fc"):
        return ()
    counter = PartCounter("Checking values", len(split.training) + len(split.validation), report, control)
    gaps = count_gaps(stack, target, (split.training, split.validation), counter.done)
    return notes_on_gaps(gaps, stack, target)


def _shares(labels: LabelSet, pixels: Sequence[int]) -> str:
    total = max(sum(pixels), 1)
    shares = (f"{value} {count / total:.1%}" for value, count in zip(labels.values, pixels, strict=True))
    return f"Shares of the labels: {', '.join(shares)}."


def _train(
    settings: StackPairSettings,
    network: MSDNetwork,
    stack: StackSource,
    target: Target,
    split: Split,
    notes: Sequence[str],
    folder: RunFolder,
    report: ReportFunction,
    control: Control,
) -> None:
    gaps = _gaps(stack, target.stack, split, report, control)
    training, validation = (
        _pairs(settings, stack, target, slices) for slices in (split.training, split.validation)
    )
    at = preview_slice(stack.shape[0], split, settings)
    quality = PSNR if target.labels is None else DICE
    train(
        StackTrainee(network, _card(settings, network, stack, target, split), settings, quality),
        settings,
        split,
        training,
        validation,
        preview_of(settings, network, stack, target, at),
        SlicePairs(stack, target, split.training),
        folder,
        report,
        control,
        (*stack.warnings, *notes, *gaps),
    )


def _card(
    settings: StackPairSettings, network: MSDNetwork, stack: StackSource, target: Target, split: Split
) -> ModelCard:
    geometry, files = stack.geometry, (settings.stack, settings.target)
    return ModelCard(
        settings.task,
        "msd",
        arguments_of(network),
        label_classes(() if target.labels is None else target.labels.values),
        InputCard(stack.channels, spacing=geometry.spacing, unit=geometry.unit, slices=settings.input_slices),
        (
            *data_files(files, TRAINING, described(split.training)),
            *data_files(files if split.validation else (), VALIDATION, described(split.validation)),
        ),
        versions=versions(),
    )


def _pairs(settings: StackPairSettings, stack: StackSource, target: Target, slices: Sequence[int]) -> Pairs:
    if settings.ndim == 2:
        used = [at for at in slices if target.labeled is None or at in target.labeled]
        # Without a label there is nothing to measure, but still slices to say so of.
        return SlicePairs(stack, target, used or slices, settings.input_slices)
    return VolumePairs(stack, target, long_runs(slices, settings))

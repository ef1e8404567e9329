"""What all trainings of mixed-scale dense networks do alike: loss, judgement, checkpoint, normalization."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wholefield.errors import SettingError
from wholefield.networks.msd.checkpoints import plain_state, read_checkpoint, read_settings
from wholefield.networks.msd.enums import Loss, Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import predict_image
from wholefield.networks.msd.scaling import filled
from wholefield.networks.state_files import load_state
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.tasks.stacks.data.split import Split, demand_pairs, kept_of
from wholefield.tasks.stacks.settings import StackTrainingSettings
from wholefield.training.checkpoints import continues, starting_weights
from wholefield.training.kept_split import keep_split
from wholefield.training.loop import fit
from wholefield.training.metrics import image_metrics, label_metrics
from wholefield.training.pairs import Pair, PairLoader, Pairs
from wholefield.training.progress import Preview
from wholefield.training.settings import Precision
from wholefield.training.trainee import Trainee

# Enough for a mean and a deviation, and quick however long the stack is.
MEASURED_PAIRS = 64


class StackTrainee(Trainee):
    """A mixed-scale dense network that is trained on batches of crops.

    Attributes:
        network: The network.
    """

    network: MSDNetwork

    def loss(self, batch: Sequence[Pair]) -> Tensor:
        """The mean loss over the pairs; those of one size are computed together, and what is not finite is left out."""
        losses, counted = [], 0
        for images, targets in batch:
            valid = finite_pairs(images, targets)
            output = self.network(filled(self.network.scale_in, images))
            loss = loss_of(self.network, output, self.network.as_target(targets), valid)
            losses.append(0 * output.sum() if loss is None else len(images) * loss)
            counted += 0 if loss is None else len(images)
        return torch.stack(losses).sum() / max(counted, 1)

    def judge(self, batch: Sequence[Pair]) -> Mapping[str, float]:
        """The loss and the figures of one whole pair, however large."""
        ((images, targets),) = batch
        return assess(self.network, images[0], predicted(self.network, images[0]), targets[0])

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """Those of the layers; the normalization stays as it was measured."""
        return self.network.msd.parameters()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what lets a checkpoint be opened as one of a mixed-scale dense network, too."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["settings"] = self.network.settings.to_plain()


def finite_pairs(images: Tensor, targets: Tensor) -> Tensor | None:
    """Which positions of pairs count: those that are finite in the target and in all channels of the input.

    Args:
        images: (batch, channels, ...).
        targets: (batch, 1, ...).

    Returns:
        (batch, 1, ...), bool; None where all count.
    """
    valid = images.isfinite().all(1, keepdim=True) & targets.isfinite()
    return None if valid.all() else valid


def predicted(network: MSDNetwork, image: Tensor) -> Tensor:
    """The output for an image of which values that are not finite are replaced by the mean."""
    return predict_image(network, filled(network.scale_in, image))


def loss_of(network: MSDNetwork, output: Tensor, wanted: Tensor, valid: Tensor | None) -> Tensor | None:
    """The loss over the positions that count; None where none does.

    Args:
        network: The network.
        output: Its output, (batch, c_out, ...).
        wanted: The target as the network takes it.
        valid: Which positions count, (batch, 1, ...); all when None.
    """
    if network.task is Task.SEGMENTATION:
        wanted = counted_labels(network, wanted, valid)
        counts: Tensor = wanted.ne(-1 if network.ignore_label is None else network.ignore_label)
        if network.class_weights is not None:
            # Labels without weight, which occur in the validation only, cannot make a mean either.
            counts = counts & (network.class_weights[wanted.clamp(max=network.c_out - 1)] > 0)
        return network.criterion(output, wanted) if counts.any() else None
    if valid is None:
        return network.criterion(output, wanted)
    valid = valid.to(output.device).expand_as(output)
    return network.criterion(output[valid], wanted[valid]) if valid.any() else None


def counted_labels(network: MSDNetwork, labels: Tensor, valid: Tensor | None) -> Tensor:
    """Labels (batch, ...), those at positions that do not count with the label that is ignored."""
    if valid is None or network.ignore_label is None:
        return labels
    return labels.masked_fill(~valid[:, 0].to(labels.device), network.ignore_label)


def assess(network: MSDNetwork, image: Tensor, output: Tensor, target: Tensor) -> dict[str, float]:
    """Loss and figures of one output against its target; nothing where no position counts.

    Args:
        network: The network.
        image: (c_in, [slice,] row, column).
        output: (c_out, [slice,] row, column).
        target: (1, [slice,] row, column).
    """
    wanted, valid = network.as_target(target[None]), finite_pairs(image[None], target[None])
    output = output[None].to(network.scale_in.weight)
    loss = loss_of(network, output, wanted, valid)
    if loss is None:
        return {}
    if network.task is Task.SEGMENTATION:
        labels = counted_labels(network, wanted, valid)
        return {"loss": loss.item(), **label_metrics(output, labels, network.ignore_label)}
    valid = None if valid is None else valid.to(output.device).expand_as(output)
    return {"loss": loss.item(), **image_metrics(output, wanted, valid)}


def network_of(
    settings: StackTrainingSettings,
    c_in: int,
    c_out: int = 1,
    *,
    task: Task = Task.REGRESSION,
    loss: Loss = Loss.L2,
    class_weights: Sequence[float] | None = None,
    ignore_label: int | None = None,
) -> MSDNetwork:
    """A fresh network, or one with the weights that the settings name.

    Raises:
        SourceError: The weights are missing.
        SettingError: They are those of another network.
    """
    torch.manual_seed(settings.seed)
    network = MSDNetwork(
        c_in, c_out, settings.depth, settings.width, settings.dilation_values,
        ndim=settings.ndim, task=task, loss=loss, class_weights=class_weights, ignore_label=ignore_label,
    )  # fmt: skip
    network.strip = settings.strip
    if settings.precision is Precision.BF16:
        # Autocast leaves the network in its own precision; its gradients are within a hundredth of those of 32-true.
        network.msd.computes_in = torch.bfloat16
    if settings.initial_weights is not None:
        _start_from(network, Path(settings.initial_weights))
    return network


def arguments_of(network: MSDNetwork) -> dict[str, Any]:
    """What a card says of how a network is built."""
    return {
        "depth": network.depth,
        "width": network.width,
        "dilations": network.dilations,
        "ndim": network.ndim,
    }


def train(
    trainee: StackTrainee,
    settings: StackTrainingSettings,
    split: Split,
    training: Pairs,
    validation: Pairs,
    preview: Preview,
    normalizing: Pairs,
    folder: RunFolder,
    report: ReportFunction,
    control: Control,
    warnings: Sequence[str] = (),
) -> None:
    """Train a network to the end; goes on from last.ckpt where the folder has one.

    Args:
        trainee: The network in training.
        settings: How to train.
        split: The slices.
        training: Pairs to train on.
        validation: Pairs to validate with.
        preview: Makes the previews.
        normalizing: Whole pairs that a fresh network's normalization is measured on.
        folder: The run folder.
        report: Called with every report.
        control: Obeyed between steps.
        warnings: What to warn of once the run has started.

    Raises:
        SettingError: Nothing is left to train on, or an earlier part trained another network.
        StopAndKeep, Discarded: The control asked for it.
    """
    warning = demand_pairs(settings, split, training, validation)
    continued = continues(folder, trainee.card)
    loader = PairLoader(
        training, crop=settings.crop, augmentation=settings.augmentation, batch_size=settings.batch_size,
        repeats=settings.repeats, seed=settings.seed,
    )  # fmt: skip
    steps = len(loader) * settings.epochs
    report(Started(settings.task, folder.path, steps, settings.epochs, trainee.card.names))
    keep_split(folder, kept_of(split))
    for text in (*warnings, *([warning] if warning else ())):
        report(Message(Level.WARNING, text))
    if not continued and settings.initial_weights is None:
        trainee.network.set_normalization(_measured(normalizing, report, control))
    fit(trainee, loader, PairLoader(validation), settings, folder, report, control, preview=preview)


def _start_from(network: MSDNetwork, path: Path) -> None:
    state = plain_state(starting_weights(path))
    found, wanted = read_settings(state), network.settings
    for name in ("task", "c_in", "c_out", "depth", "width", "ndim"):
        if getattr(found, name) != getattr(wanted, name):
            raise SettingError(
                f"{path} holds a network with {name} {getattr(found, name)}, but {getattr(wanted, name)} is "
                "requested; change the setting or the initial weights."
            )
    stored = read_checkpoint(path) if path.suffix == ".ckpt" else None
    if stored is not None and stored.dilations_stored and stored.settings.dilations != wanted.dilations:
        raise SettingError(
            f"{path} was trained with dilations {stored.settings.dilations}; set dilations to them."
        )
    load_state(network, state, str(path))


def _measured(pairs: Pairs, report: ReportFunction, control: Control) -> Iterator[Pair]:
    """Some whole pairs, evenly spread."""
    count = min(len(pairs), MEASURED_PAIRS)
    counter = PartCounter("Measuring brightness", count, report, control)
    for number, index in enumerate(np.linspace(0, len(pairs) - 1, count).round().astype(int).tolist(), 1):
        yield pairs[index]
        counter.done(number)

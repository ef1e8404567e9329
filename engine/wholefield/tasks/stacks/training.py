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
        """The mean loss over the pairs; those of one size are computed together."""
        losses = [len(images) * self.network.loss(self.network(images), targets) for images, targets in batch]
        return torch.stack(losses).sum() / sum(len(images) for images, _ in batch)

    def judge(self, batch: Sequence[Pair]) -> Mapping[str, float]:
        """The loss and the figures of one whole pair, however large."""
        ((images, targets),) = batch
        loss, figures = assess(self.network, predict_image(self.network, images[0]), targets[0])
        return {"loss": loss, **figures}

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """Those of the layers; the normalization stays as it was measured."""
        return self.network.msd.parameters()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what lets a checkpoint be opened as one of a mixed-scale dense network, too."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["settings"] = self.network.settings.to_plain()


def assess(network: MSDNetwork, output: Tensor, target: Tensor) -> tuple[float, dict[str, float]]:
    """Loss and figures of one output, (c_out, [slice,] row, column), against its target."""
    wanted = network.as_target(target[None])
    output = output[None].to(network.scale_in.weight)
    loss = network.criterion(output, wanted).item()
    if network.task is Task.SEGMENTATION:
        return loss, label_metrics(output, wanted, network.ignore_label)
    return loss, image_metrics(output, wanted)


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
    network.load_state_dict(state)


def _measured(pairs: Pairs, report: ReportFunction, control: Control) -> Iterator[Pair]:
    """Some whole pairs, evenly spread."""
    count = min(len(pairs), MEASURED_PAIRS)
    counter = PartCounter("Measuring brightness", count, report, control)
    for number, index in enumerate(np.linspace(0, len(pairs) - 1, count).round().astype(int).tolist(), 1):
        yield pairs[index]
        counter.done(number)

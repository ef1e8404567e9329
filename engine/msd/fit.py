"""Training with what people expect: augmentation, a learning-rate schedule, metrics, early stopping, a seed."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import torch
from torch import Tensor

from engine.msd.augmentation import Augmentation, augment
from engine.msd.checkpoints import Task
from engine.msd.errors import InputError
from engine.msd.metrics import image_metrics, label_metrics
from engine.msd.msd_model import MSDModel
from engine.msd.msd_segmentation_model import MSDSegmentationModel

Pairs = Sequence[tuple[Tensor, Tensor]]
"""Inputs (channels, [slice,] row, column) and their targets, such as an ImageDataset."""


class Schedule(StrEnum):
    """How the learning rate changes over the epochs."""

    CONSTANT = "constant"
    COSINE = "cosine"
    ONE_CYCLE = "one cycle"


@dataclass(frozen=True)
class FitSettings:
    """How to train.

    Attributes:
        epochs: Passes over the training pairs.
        batch_size: Pairs a step; pairs of different sizes are never put together.
        learning_rate: Step width of Adam, at its highest.
        schedule: How it changes.
        patience: Epochs without a better validation loss after which training stops; None never stops early.
        augmentation: How pairs are varied.
        repeats: How often every pair is drawn in an epoch; useful with small crops.
        seed: Start of the random numbers of order and augmentation.
    """

    epochs: int = 20
    batch_size: int = 1
    learning_rate: float = 1e-3
    schedule: Schedule = Schedule.CONSTANT
    patience: int | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    repeats: int = 1
    seed: int = 0


@dataclass(frozen=True)
class Epoch:
    """What an epoch brought.

    Attributes:
        number: Counted from 1.
        training_loss: Mean over its steps.
        validation_loss: Mean over the validation pairs; None without any.
        metrics: Of the validation pairs, by name.
        learning_rate: That of its last step.
        best: Whether the validation loss (without validation, the training loss) is the lowest so far.
    """

    number: int
    training_loss: float
    validation_loss: float | None
    metrics: dict[str, float]
    learning_rate: float
    best: bool


def fit(
    model: MSDModel,
    training: Pairs,
    validation: Pairs,
    settings: FitSettings,
    report: Callable[[Epoch], None] = lambda epoch: None,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
) -> list[Epoch]:
    """Train a model; it ends with the parameters of its best epoch.

    Args:
        model: The model, its normalisation set.
        training: Pairs to train on.
        validation: Pairs to measure on; may be empty.
        settings: How to train.
        report: Called after every epoch.
        on_step: Called after every step with its number and loss; raise in it to stop at once.

    Returns:
        All epochs.

    Raises:
        InputError: There is nothing to train on.
    """
    if not len(training):
        raise InputError(
            "There are no pairs to train on; choose a stack with at least one slice and its target."
        )
    generator = torch.Generator().manual_seed(settings.seed)
    steps = sum(1 for _ in _order(training, settings, torch.Generator().manual_seed(0)))
    history: list[Epoch] = []
    lowest, best, since, step = float("inf"), copy.deepcopy(model.net.state_dict()), 0, 0
    rate = settings.learning_rate
    for number in range(1, settings.epochs + 1):
        losses = []
        for images, targets in batches(training, settings, generator):
            rate = settings.learning_rate * rate_factor(settings.schedule, step / (settings.epochs * steps))
            for group in model.optimizer.param_groups:
                group["lr"] = rate
            model.learn(images, targets)
            losses.append(model.get_loss() or 0.0)
            step += 1
            on_step(step, losses[-1])
        training_loss = sum(losses) / len(losses)
        loss, metrics = measure(model, validation) if len(validation) else (None, {})
        improved = (training_loss if loss is None else loss) < lowest
        if improved:
            lowest, since = training_loss if loss is None else loss, 0
            best = copy.deepcopy(model.net.state_dict())
        else:
            since += 1
        history.append(Epoch(number, training_loss, loss, metrics, rate, improved))
        report(history[-1])
        if settings.patience is not None and since >= settings.patience:
            break
    model.net.load_state_dict(best)
    return history


def rate_factor(schedule: Schedule, progress: float) -> float:
    """Learning rate as a share of its highest, after a share of the training from 0 to 1.

    One cycle warms up over the first three tenths (Smith and Topin 2017, arXiv 1708.07120).
    """
    progress = min(progress, 1.0)
    match schedule:
        case Schedule.CONSTANT:
            return 1.0
        case Schedule.COSINE:
            return _falling(progress)
        case Schedule.ONE_CYCLE if progress < 0.3:
            return 1.0 - 0.96 * _falling(progress / 0.3)
        case Schedule.ONE_CYCLE:
            return _falling((progress - 0.3) / 0.7)


def _falling(share: float) -> float:
    """Half a wave of the cosine, from 1 down to 0."""
    return 0.5 + 0.5 * math.cos(math.pi * share)


def _order(training: Pairs, settings: FitSettings, generator: torch.Generator) -> Iterator[list[int]]:
    """Indices of the pairs of every step."""
    count = len(training)
    drawn = [
        each for _ in range(settings.repeats) for each in torch.randperm(count, generator=generator).tolist()
    ]
    yield from (drawn[i : i + settings.batch_size] for i in range(0, len(drawn), settings.batch_size))


def batches(
    training: Pairs, settings: FitSettings, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """The steps of one epoch: (batch, channels, [slice,] row, column) twice; other sizes make batches of their own."""
    for indices in _order(training, settings, generator):
        pairs = [augment(*training[index], settings.augmentation, generator) for index in indices]
        shapes = dict.fromkeys(image.shape for image, _ in pairs)
        for shape in shapes:
            same = [pair for pair in pairs if pair[0].shape == shape]
            yield torch.stack([image for image, _ in same]), torch.stack([target for _, target in same])


@torch.no_grad()
def measure(model: MSDModel, validation: Pairs) -> tuple[float, dict[str, float]]:
    """Mean loss and mean metrics over pairs."""
    losses: list[float] = []
    found: list[dict[str, float]] = []
    for image, target in validation:
        losses.append(model.forward(image[None], target[None]).item())
        assert model.output is not None
        assert model.target is not None
        if model.task is Task.SEGMENTATION:
            ignored = model.ignore_label if isinstance(model, MSDSegmentationModel) else None
            found.append(label_metrics(model.output, model.target, ignored))
        else:
            found.append(image_metrics(model.output, model.target))
    names = [name for name in found[0] if all(name in each for each in found)]
    return sum(losses) / len(losses), {name: sum(each[name] for each in found) / len(found) for name in names}


def class_weights(labels: Sequence[Tensor], count: int) -> list[float]:
    """Weights that let every label count alike: inversely proportional to its pixels, their mean over pixels one.

    Args:
        labels: Label images of any shape; values outside 0 to count - 1 are left out.
        count: Number of labels.
    """
    pixels = torch.zeros(count, dtype=torch.float64)
    for each in labels:
        inside = each[(each >= 0) & (each < count)].long()
        pixels += torch.bincount(inside.flatten(), minlength=count)
    present = (pixels > 0).sum()
    return torch.where(pixels > 0, pixels.sum() / (present * pixels.clamp_min(1)), 0.0).tolist()

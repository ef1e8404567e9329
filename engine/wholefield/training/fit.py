"""Training with what people expect: augmentation, a learning-rate schedule, metrics, early stopping, a seed."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from wholefield.networks.msd.enums import Schedule, Task
from wholefield.networks.msd.errors import InputError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import predict_image
from wholefield.training.crops import Augmentation
from wholefield.training.metrics import image_metrics, label_metrics
from wholefield.training.pairs import Pairs, vary


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
        seed: Start of the random numbers of order and augmentation, at least 0.
    """

    epochs: int = 20
    batch_size: int = 1
    learning_rate: float = 1e-3
    schedule: Schedule = Schedule.CONSTANT
    patience: int | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    repeats: int = 1
    seed: int = 0

    def steps(self, pairs: int) -> int:
        """Steps of an epoch over so many pairs."""
        return -(-pairs * self.repeats // self.batch_size)


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


@dataclass
class Progress:
    """How far a training has come: give it to :func:`fit` again, with the network, to go on from there.

    It is up to date at every call that fit makes, so that a training can be left by raising an error in one.

    Attributes:
        epoch: Whole epochs done.
        losses: Losses of the steps of the epoch under way.
        lowest: Lowest validation loss so far (without validation, training loss).
        since: Epochs since then.
        best: Parameters of that epoch; None before the first.
    """

    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    lowest: float = math.inf
    since: int = 0
    best: dict[str, Tensor] | None = None


def fit(
    network: MSDNetwork,
    training: Pairs,
    validation: Pairs,
    settings: FitSettings,
    report: Callable[[Epoch], None] = lambda epoch: None,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
    poll: Callable[[], None] = lambda: None,
    progress: Progress | None = None,
    optimizer: torch.optim.Optimizer | None = None,
) -> list[Epoch]:
    """Train a network; it ends with the parameters of its best epoch.

    Args:
        network: The network, its normalization set.
        training: Pairs to train on.
        validation: Pairs to measure on; may be empty.
        settings: How to train.
        report: Called after every epoch.
        on_step: Called after every step with its number, counted from 1 over the whole training, and its loss.
        poll: Called before every step and every measurement.
        progress: Where an earlier part of the training ended; brought up to date. A training that goes on makes the
            same steps as one that never stopped.
        optimizer: Over the layers of the network; Adam when None.

    Returns:
        All epochs of this part.

    Raises:
        InputError: There is nothing to train on.
    """
    if not len(training):
        raise InputError(
            "There are no pairs to train on; choose a stack with at least one slice and its target."
        )
    progress = Progress() if progress is None else progress
    optimizer = torch.optim.Adam(network.msd.parameters()) if optimizer is None else optimizer
    steps = settings.steps(len(training))
    history: list[Epoch] = []
    while progress.epoch < settings.epochs and not _gave_up(progress, settings):
        for batches in steps_of_epoch(training, settings, progress.epoch, len(progress.losses)):
            poll()
            done = progress.epoch * steps + len(progress.losses)
            _set_rate(optimizer, settings, done / (settings.epochs * steps))
            progress.losses.append(_learn(network, optimizer, batches))
            on_step(done + 1, progress.losses[-1])
        poll()
        history.append(_end_epoch(network, optimizer, validation, progress, poll))
        report(history[-1])
    if progress.best is not None:
        network.load_state_dict(progress.best)
    return history


def _gave_up(progress: Progress, settings: FitSettings) -> bool:
    return settings.patience is not None and progress.since >= settings.patience


def _set_rate(optimizer: torch.optim.Optimizer, settings: FitSettings, share: float) -> None:
    """Set the learning rate for a share of the training from 0 to 1."""
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate * rate_factor(settings.schedule, share)


def _learn(
    network: MSDNetwork, optimizer: torch.optim.Optimizer, batches: Sequence[tuple[Tensor, Tensor]]
) -> float:
    """Learn the batches of a step; their mean loss."""
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        loss = network.loss(network(images.to(network.device)), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def _end_epoch(
    network: MSDNetwork,
    optimizer: torch.optim.Optimizer,
    validation: Pairs,
    progress: Progress,
    poll: Callable[[], None],
) -> Epoch:
    """Measure the network and enter the epoch into the progress."""
    training_loss = sum(progress.losses) / len(progress.losses)
    loss, metrics = measure(network, validation, poll) if len(validation) else (None, {})
    decisive = training_loss if loss is None else loss
    improved = decisive < progress.lowest
    progress.since = 0 if improved else progress.since + 1
    if improved:
        progress.lowest, progress.best = decisive, copy.deepcopy(network.state_dict())
    progress.epoch, progress.losses = progress.epoch + 1, []
    rate = float(optimizer.param_groups[0]["lr"])
    return Epoch(progress.epoch, training_loss, loss, metrics, rate, improved)


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


def _random(*key: int) -> torch.Generator:
    """Random numbers of their own for every key, so that a training can begin at any step."""
    state = np.random.SeedSequence(key).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]))


def steps_of_epoch(
    training: Pairs, settings: FitSettings, epoch: int = 0, first: int = 0
) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """The steps of an epoch, counted from 0, from the first one on; each is drawn alike whatever came before.

    Yields:
        The batches of a step, (batch, channels, [slice,] row, column) twice; pairs of other sizes make batches of
        their own.
    """
    generator, count = _random(settings.seed, epoch), len(training)
    order = [
        each for _ in range(settings.repeats) for each in torch.randperm(count, generator=generator).tolist()
    ]
    for start in range(first * settings.batch_size, len(order), settings.batch_size):
        drawn = enumerate(order[start : start + settings.batch_size], start)
        pairs = [
            vary(training, index, settings.augmentation, _random(settings.seed, epoch, at))
            for at, index in drawn
        ]
        yield _by_size(pairs)


def _by_size(pairs: Sequence[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """Pairs stacked to batches of one size each."""
    sizes: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
    for image, target in pairs:
        sizes.setdefault(image.shape, []).append((image, target))
    return [
        (torch.stack([image for image, _ in same]), torch.stack([target for _, target in same]))
        for same in sizes.values()
    ]


@torch.no_grad()
def measure(
    network: MSDNetwork, validation: Pairs, poll: Callable[[], None] = lambda: None
) -> tuple[float, dict[str, float]]:
    """Mean loss and mean metrics over pairs, however large; `poll` is called before each."""
    losses: list[float] = []
    found: list[dict[str, float]] = []
    for index in range(len(validation)):
        poll()
        image, target = validation[index]
        loss, metrics = assess(network, predict_image(network, image), target)
        losses.append(loss)
        found.append(metrics)
    names = [name for name in found[0] if all(name in each for each in found)]
    return sum(losses) / len(losses), {name: sum(each[name] for each in found) / len(found) for name in names}


def assess(network: MSDNetwork, output: Tensor, target: Tensor) -> tuple[float, dict[str, float]]:
    """Loss and metrics of one output, (c_out, [slice,] row, column), against its target."""
    wanted = network.as_target(target[None])
    output = output[None].to(network.device)
    loss = network.criterion(output, wanted).item()
    if network.task is Task.SEGMENTATION:
        return loss, label_metrics(output, wanted, network.ignore_label)
    return loss, image_metrics(output, wanted)


def class_weights(labels: Iterable[Tensor], count: int) -> list[float]:
    """Weights that let every label count alike: inversely proportional to its pixels, their mean over pixels one.

    Args:
        labels: Label images of any shape; values outside 0 to count - 1 are left out.
        count: Number of labels.
    """
    pixels = torch.zeros(count, dtype=torch.float64)
    for each in labels:
        inside = each[(each >= 0) & (each < count)].long()
        pixels += torch.bincount(inside.flatten(), minlength=count)
    return weights_of(pixels)


def weights_of(pixels: Tensor) -> list[float]:
    """Weights that let every label count alike, from its number of pixels; zero for a label that does not occur."""
    present = (pixels > 0).sum()
    return torch.where(pixels > 0, pixels.sum() / (present * pixels.clamp_min(1)), 0.0).tolist()

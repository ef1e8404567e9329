"""What a run trains: a Lightning module with all that the trainings of all tasks have in common."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from wholefield.errors import WholefieldError
from wholefield.runs.reports import ReportFunction
from wholefield.training.checkpoints import CARD
from wholefield.training.model_card import ModelCard
from wholefield.training.quality import Quality, Score
from wholefield.training.schedule import Plateau, learning_rate_factor
from wholefield.training.settings import Optimizer, TrainingSettings

LOSSES, GRADIENTS, PLATEAU = "training_losses", "gradients", "plateau"
MOMENTUM = 0.9


class Diverged(WholefieldError):
    """The loss, or a weight of the network, is no longer a finite number; what follows would be worth nothing."""


class Trainee(LightningModule):
    """A network in training; a task says what its loss is and how a validation batch is judged.

    Attributes:
        network: The network; registered, so that it is saved and moved.
        card: What its checkpoints say of it.
        last_loss: Training loss of the newest step.
        last_terms: Weighted terms of that loss by name; empty where it has one only.

    Args:
        network: The network.
        card: What is known of it before the training.
        settings: How it is trained.
        quality: The figure by which epochs are compared.
    """

    def __init__(
        self, network: nn.Module, card: ModelCard, settings: TrainingSettings, quality: Quality
    ) -> None:
        super().__init__()
        self.network = network
        self.card = card
        self.last_loss = float("nan")
        self.last_terms: Mapping[str, float] = MappingProxyType({})
        self._training_settings = settings
        self._quality = quality
        self._plateau = Plateau()
        self._losses: list[float] = []
        self._judged: list[Mapping[str, float]] = []
        self._batches = 1
        self._gradients: dict[str, Tensor] | None = None
        self._resumed = False

    @abstractmethod
    def loss(self, batch: Any) -> Tensor:
        """The loss of a batch; sets `last_terms` where it has several."""

    @abstractmethod
    def judge(self, batch: Any) -> Mapping[str, float]:
        """The loss and the figures of a validation batch, by name."""

    def attach(self, poll: Callable[[], None], report: ReportFunction) -> None:
        """Take what obeys the control and what reports within a step; by default steps are too short to need it."""

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        """The parameters that the optimizer changes."""
        return self.network.parameters()

    def prepare(self, batches: int) -> None:
        """Take the batches of an epoch."""
        self._batches = batches

    def score(self, metrics: Mapping[str, float]) -> Score:
        """How good an epoch with these metrics was."""
        return self._quality.score(metrics)

    def epoch_metrics(self) -> dict[str, float]:
        """The values of the epoch that ends, by name; starts the next one."""
        losses, self._losses = [{"loss": loss} for loss in self._losses], []
        judged, self._judged = self._judged, []
        rate = {"learning_rate": self.optimizers().param_groups[0]["lr"]}
        return means("training", losses) | means("validation", judged) | rate

    def end_epoch(self, epoch: int, metrics: Mapping[str, float], *, improved: bool) -> None:
        """Take note of an epoch, counted from 1."""
        self.card = self.card.after(epoch, metrics)
        self._plateau.end_epoch(self._training_settings.schedule_epochs, improved=improved)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimizer of the settings, otherwise with its customary values."""
        rate, parameters = self._training_settings.learning_rate, list(self.trained_parameters())
        match self._training_settings.optimizer:
            case Optimizer.ADAMW:
                return torch.optim.AdamW(parameters, lr=rate)
            case Optimizer.ADAM:
                return torch.optim.Adam(parameters, lr=rate)
            case Optimizer.SGD:
                return torch.optim.SGD(parameters, lr=rate, momentum=MOMENTUM)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Set the learning rate of the step."""
        settings = self._training_settings
        steps = -(-self._batches // settings.gradient_accumulation)
        factor = learning_rate_factor(settings, self.trainer.global_step, steps, self._plateau.reductions)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * factor

    def on_train_batch_start(self, batch: Any, index: int) -> None:
        """Draw alike, whatever came before, and take up the gradients of an unfinished step of a resumed run."""
        torch.manual_seed((self._training_settings.seed << 24) + self.current_epoch * self._batches + index)
        if self._resumed and self._gradients is not None:
            for name, parameter in self.network.named_parameters():
                if name in self._gradients:
                    parameter.grad = self._gradients[name].to(parameter)
        self._resumed = False

    def training_step(self, batch: Any, index: int) -> Tensor:
        """The loss of one batch."""
        loss = self.loss(batch)
        self.last_loss = float(loss.detach())
        if not isfinite(self.last_loss):
            raise Diverged(f"The training loss is {self.last_loss:g}")
        self._losses.append(self.last_loss)
        return loss * self._share(index)

    def on_train_batch_end(self, outputs: Any, batch: Any, index: int) -> None:
        """Remember the gradients of an unfinished step: an interrupted backward pass would spoil them."""
        if (index + 1) % self._training_settings.gradient_accumulation == 0 or index + 1 == self._batches:
            self._gradients = None
        else:
            named = self.network.named_parameters()
            self._gradients = {name: each.grad.clone() for name, each in named if each.grad is not None}

    def on_validation_epoch_start(self) -> None:
        """Count from nothing."""
        self._judged = []

    def validation_step(self, batch: Any, index: int) -> None:
        """Judge one validation batch."""
        judged = self.judge(batch)
        if not isfinite(judged.get("loss", 0.0)) and not self.has_finite_weights():
            raise Diverged(f"The validation loss is {judged['loss']:g}")
        self._judged.append(judged)

    def has_finite_weights(self) -> bool:
        """Whether all parameters of the network are finite numbers."""
        return all(bool(torch.isfinite(parameter).all()) for parameter in self.network.parameters())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the card, and what an unfinished epoch and the schedule need to go on."""
        checkpoint[CARD] = self.card.to_plain()
        checkpoint[LOSSES] = list(self._losses)
        checkpoint[GRADIENTS] = self._gradients
        checkpoint[PLATEAU] = vars(self._plateau).copy()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up what an unfinished epoch and the schedule need; checkpoints of before hold less."""
        self._losses = list(checkpoint.get(LOSSES, ()))
        self._gradients, self._resumed = checkpoint.get(GRADIENTS), True
        self._plateau = Plateau(**checkpoint.get(PLATEAU, {}))
        if CARD in checkpoint and "version" in checkpoint[CARD]:
            earlier = ModelCard.from_plain(checkpoint[CARD])
            self.card = self.card.after(earlier.epoch, earlier.metrics)

    def _share(self, index: int) -> float:
        """Lightning divides by the batches of a step; the last step of an epoch may have fewer."""
        most = self._training_settings.gradient_accumulation
        first = index // most * most
        return most / min(most, self._batches - first)


def means(stage: str, rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Mean of every value over batches, its name after that of the stage; empty where there were none.

    Values that are no number, such as an endpoint error without any labeled pixel, are left out.
    """
    found: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    known = {name: [value for value in values if value == value] for name, values in found.items()}
    return {f"{stage}_{name}": sum(values) / len(values) for name, values in known.items() if values}

"""The Lightning module of the task classify: loss and metrics of a streamed slide classifier."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from wholefield.tasks.slides.classifier import ClassifierSpec, StreamedClassifier
from wholefield.tasks.slides.settings import ClassifySettings
from wholefield.tasks.slides.slides_data import Item
from wholefield.tasks.slides.training import SlideTrainee
from wholefield.training.progress import Score


class SlideClassification(SlideTrainee[StreamedClassifier]):
    """Trains a streamed classifier with a class-weighted cross entropy."""

    def __init__(
        self,
        classifier: StreamedClassifier,
        spec: ClassifierSpec,
        config: ClassifySettings,
        weights: Sequence[float],
        updates: int,
    ) -> None:
        """Set up; `weights` are those of the classes, `updates` the steps of the optimiser."""
        super().__init__(classifier, spec, config.learning_rate, updates)
        self._weights = torch.tensor(weights)
        self._losses: list[float] = []
        self._hits = 0

    def loss(self, item: Item) -> Tensor:
        """The weighted cross entropy of one slide."""
        return self._loss_and_logits(item)[0]

    def on_validation_epoch_start(self) -> None:
        """Count from nothing."""
        self._losses, self._hits = [], 0

    def validation_step(self, item: Item, index: int) -> None:
        """Count one validation slide."""
        loss, logits = self._loss_and_logits(item)
        self._losses.append(float(loss))
        self._hits += bool(logits.argmax() == item.target)

    def epoch_metrics(self) -> Mapping[str, float]:
        """Mean losses and validation accuracy of the epoch."""
        count = len(self._losses)
        validation = {
            "validation_loss": sum(self._losses) / count,
            "validation_accuracy": self._hits / count,
        }
        return self.take_training_loss() | validation

    def score(self, metrics: Mapping[str, float]) -> Score:
        """Higher accuracy is better; of equal ones, lower loss."""
        return metrics["validation_accuracy"], -metrics["validation_loss"]

    def _loss_and_logits(self, item: Item) -> tuple[Tensor, Tensor]:
        self.view = item.image
        logits, target = self.model.logits(item.image.on(self.model.like)), item.target.to(self.device)
        # cross_entropy's own weights cancel out in a batch of one.
        weight = self._weights.to(logits)[target]
        return weight.squeeze() * functional.cross_entropy(logits.float(), target), logits

"""The Lightning module of the task segment: loss and metrics of a streamed segmenter."""

from collections.abc import Mapping

import torch
from torch import Tensor

from wholefield.tasks.slides.mask_data import MaskItem
from wholefield.tasks.slides.segmenter import SegmenterSpec, StreamedSegmenter
from wholefield.tasks.slides.settings import SegmentSettings
from wholefield.tasks.slides.training import SlideTrainee
from wholefield.training.progress import Score


class SlideSegmentation(SlideTrainee[StreamedSegmenter]):
    """Trains a streamed segmenter with the cross entropy of every pixel that counts."""

    def __init__(
        self, segmenter: StreamedSegmenter, spec: SegmenterSpec, config: SegmentSettings, updates: int
    ) -> None:
        """Set up; `updates` are the steps of the optimiser."""
        super().__init__(segmenter, spec, config.learning_rate, updates)
        self._classes = len(spec.classes)
        self._begin()

    def loss(self, item: MaskItem) -> Tensor:
        """The weighted mean cross entropy over the pixels that count."""
        return self._judge(item)[0]

    def on_validation_epoch_start(self) -> None:
        """Count from nothing."""
        self._begin()

    def validation_step(self, item: MaskItem, index: int) -> None:
        """Count one validation slide."""
        loss, table = self._judge(item)
        self._losses.append(float(loss))
        self._confusion += table.cpu()

    def epoch_metrics(self) -> Mapping[str, float]:
        """Mean losses, share of right pixels and mean Dice of the classes but the first."""
        correct, total = self._confusion.diagonal().sum(), self._confusion.sum()
        validation = {
            "validation_loss": sum(self._losses) / len(self._losses),
            "validation_accuracy": float(correct / total.clamp(min=1)),
            "validation_dice": mean_dice(self._confusion),
        }
        return self.take_training_loss() | validation

    def score(self, metrics: Mapping[str, float]) -> Score:
        """Higher Dice is better; of equal ones, lower loss."""
        return metrics["validation_dice"], -metrics["validation_loss"]

    def _judge(self, item: MaskItem) -> tuple[Tensor, Tensor]:
        self.view = item.image.image
        total, table = self.model.judge(item.image.on(self.model.like))
        return total / table.sum().clamp(min=1), table

    def _begin(self) -> None:
        self._losses: list[float] = []
        self._confusion = torch.zeros(self._classes, self._classes, dtype=torch.int64)


def mean_dice(table: Tensor) -> float:
    """Mean over the classes but the first of 2 |A and B| / (|A| + |B|); classes that do not occur are left out.

    1 where none of them occurs and none is found.
    """
    overlap = table.diagonal()[1:].double()
    sizes = (table.sum(0) + table.sum(1))[1:].double()
    occurs = sizes > 0
    return float((2 * overlap[occurs] / sizes[occurs]).mean()) if occurs.any() else 1.0

"""Loss and hits of a segmentation, added up tile by tile, so that neither logits nor mask exist as a whole."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.streaming.execution.reductions import Reduction, Weights
from wholefield.tasks.slides.data.masks import IGNORED


class BesideClasses(nn.Module):
    """A segmentation network that hands the last channel of its input, the wanted classes, on beside its logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Logits and wanted classes (B, classes + 1, h, w) of image and wanted classes (B, C + 1, h, w)."""
        return torch.cat([self.network(x[:, :-1]), x[:, -1:]], dim=1)


class PixelLoss(Reduction):
    """The sum of the weighted cross entropies of all pixels that count, and which class was found where.

    It pools logits and wanted classes (1, K + 1, *box) to a vector (1, 1 + K * K): the sum, then the table of wanted
    classes (rows) by found classes (columns).

    Attributes:
        class_weights: one number a class.
    """

    def __init__(self, class_weights: Sequence[float]) -> None:
        super().__init__()
        self.class_weights = tuple(class_weights)

    def fold(
        self, state: tuple[Tensor, Tensor] | None, block: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Add the sum and the table of a block."""
        logits, wanted = _apart(block)
        total = self._sum(logits, wanted).double()
        table = confusion(logits.argmax(1), wanted, len(self.class_weights))
        return (total, table) if state is None else (state[0] + total, state[1] + table)

    def merge(self, state: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Sums and tables of both."""
        return state[0] + other[0], state[1] + other[1]

    def finish(self, state: tuple[Tensor, Tensor]) -> Tensor:
        """Sum and table side by side."""
        total, table = state
        return torch.cat([total[None], table.flatten().double()])[None]

    def surrogate(
        self, state: tuple[Tensor, Tensor], block: Tensor, grad: Tensor, weights: Weights
    ) -> Tensor:
        """The sum over the block alone: a sum has the same gradient wherever it is cut; the table has none."""
        return self._sum(*_apart(block)) * grad[0, 0]

    def _sum(self, logits: Tensor, wanted: Tensor) -> Tensor:
        # A square in which no pixel counts has the sum 0, where the mean of cross_entropy is not a number.
        weights = logits.new_tensor(self.class_weights)
        return functional.cross_entropy(logits, wanted, weights, ignore_index=IGNORED, reduction="sum")


def confusion(found: Tensor, wanted: Tensor, classes: int) -> Tensor:
    """How many pixels of each wanted class (rows) were found as each class (columns), (classes, classes) int64."""
    counts = wanted != IGNORED
    pairs = wanted[counts] * classes + found[counts]
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _apart(block: Tensor) -> tuple[Tensor, Tensor]:
    """Logits, in single precision at least, and wanted classes (B, *box) int64."""
    logits = block[:, :-1]
    return logits.to(torch.promote_types(logits.dtype, torch.float32)), block[:, -1].round().long()

"""What a network makes of one slice while it is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.scaling import filled
from wholefield.runs.reports import PreviewReady
from wholefield.sources.stacks.stack import AnyArray, StackSource
from wholefield.tasks.stacks.data.pairs import SlicePairs, Target, VolumePairs
from wholefield.tasks.stacks.settings import StackPairSettings
from wholefield.tasks.stacks.training import assess, predicted
from wholefield.training.label_values import LabelSet
from wholefield.training.pairs import Pairs

# Slices on both sides of the one to show that a network over volumes is given.
REACH = 8


@dataclass(frozen=True)
class PairPreview:
    """Previews of a slice that has a target.

    Attributes:
        model: the network.
        pairs: the one pair that holds the slice.
        at: the slice, counted from 0 in its stack.
        channel: channel of the input to show.
        plane: place of the slice in the pair, for networks over volumes.
        labels: the labels that the network tells apart; None for numbers.
    """

    model: MSDNetwork
    pairs: Pairs
    at: int
    channel: int = 0
    plane: int | None = None
    labels: LabelSet | None = None

    def __call__(self, epoch: int) -> PreviewReady:
        """Compute the preview after so many epochs."""
        image, target = self.pairs[0]
        output = predicted(self.model, image)
        if self.plane is not None:
            image, output, target = (each.narrow(1, self.plane, 1) for each in (image, output, target))
        metrics = assess(self.model, image, output, target)
        metrics.pop("loss", None)
        found = output[0] if self.labels is None else output.argmax(0)
        pictures = {
            "input": self._shown(filled(self.model.scale_in, image[self.channel])),
            "target": self._shown(target[0], self.labels),
            "prediction": self._shown(found, self.labels),
        }
        return PreviewReady(epoch, self.at, pictures, metrics)

    def _shown(self, values: Tensor, labels: LabelSet | None = None) -> AnyArray:
        """A slice of numbers, or of classes as the values of their labels: (rows, columns)."""
        plane = values.reshape(values.shape[-2:]).cpu()
        if labels is None:
            return plane.float().numpy()
        return labels.in_file(plane.numpy().astype(np.uint8))


def preview_of(
    settings: StackPairSettings, model: MSDNetwork, stack: StackSource, target: Target, at: int
) -> PairPreview:
    """What makes the previews of a slice."""
    if settings.ndim == 2:
        middle = settings.input_slices // 2 * stack.channels
        return PairPreview(
            model, SlicePairs(stack, target, [at], settings.input_slices), at, middle, None, target.labels
        )
    run = slices_around(at, stack.shape[0], settings.dilation_values)
    return PairPreview(model, VolumePairs(stack, target, [run]), at, 0, at - run.start, target.labels)


def slices_around(at: int, count: int, dilations: Sequence[int]) -> range:
    """The slices that a network over volumes is given to show one of so many."""
    reach = max(REACH, *dilations)
    return range(max(0, at - reach), min(count, at + reach + 1))

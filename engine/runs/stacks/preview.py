"""What a network makes of one slice while it is trained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.msd.checkpoints import Task
from engine.msd.fit import assess
from engine.msd.msd_model import MSDModel
from engine.msd.pairs import Pairs
from engine.msd.predict import predict_image
from engine.runs.reports import PreviewReady
from engine.runs.stacks.config import StackPairConfig
from engine.runs.stacks.pairs import SlicePairs, Target, VolumePairs
from engine.sources.stack import StackSource

# Slices on both sides of the one to show that a network over volumes is given.
REACH = 8

Preview = Callable[[int], PreviewReady]
"""Makes the preview after so many epochs."""


@dataclass(frozen=True)
class PairPreview:
    """Previews of a slice that has a target.

    Attributes:
        model: the network.
        pairs: the one pair that holds the slice.
        at: the slice, counted from 0 in its stack.
        channel: channel of the input to show.
        plane: place of the slice in the pair, for networks over volumes.
    """

    model: MSDModel
    pairs: Pairs
    at: int
    channel: int = 0
    plane: int | None = None

    def __call__(self, epoch: int) -> PreviewReady:
        """Compute the preview after so many epochs."""
        image, target = self.pairs[0]
        output = predict_image(self.model, image)
        if self.plane is not None:
            image, output, target = (each.narrow(1, self.plane, 1) for each in (image, output, target))
        _, metrics = assess(self.model, output, target)
        rows, columns = image.shape[-2:]
        labels = self.model.task is Task.SEGMENTATION
        prediction = as_classes(output.argmax(0)) if labels else output[0].float().cpu().numpy()
        return PreviewReady(
            epoch,
            self.at,
            image[self.channel].numpy().reshape(rows, columns),
            (as_classes(target[0]) if labels else target[0].numpy()).reshape(rows, columns),
            prediction.reshape(rows, columns),
            metrics,
        )


def as_classes(classes: Tensor) -> NDArray[np.uint8]:
    """Class indices in bytes."""
    return classes.cpu().numpy().astype(np.uint8)


def preview_of(
    config: StackPairConfig, model: MSDModel, stack: StackSource, target: Target, at: int
) -> PairPreview:
    """What makes the previews of a slice."""
    if config.ndim == 2:
        middle = config.slab // 2 * stack.channels
        return PairPreview(model, SlicePairs(stack, target, [at], config.slab), at, middle)
    run = slices_around(at, stack.shape[0], config.dilation_values)
    return PairPreview(model, VolumePairs(stack, target, [run]), at, plane=at - run.start)


def slices_around(at: int, count: int, dilations: Sequence[int]) -> range:
    """The slices that a network over volumes is given to show one of so many."""
    reach = max(REACH, *dilations)
    return range(max(0, at - reach), min(count, at + reach + 1))

"""What a checkpoint of a training on stacks says beside the network itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from wholefield.errors import SourceError
from wholefield.tasks.stacks.labels import LabelSet
from wholefield.training.checkpoints import SPEC


@dataclass(frozen=True)
class StackSpec:
    """What must be known, beside the network, to predict a stack.

    Attributes:
        task: the task that trained it.
        channels: values a voxel of the input stack.
        slab: slices that make an input.
        labels: values of the labels in the order of the classes; empty for regression.
        spacing: distance between voxels (z, y, x) in training, where known.
        unit: its unit.
    """

    task: str
    channels: int = 1
    slab: int = 1
    labels: tuple[int, ...] = ()
    spacing: tuple[float, float, float] | None = None
    unit: str = ""

    @property
    def label_set(self) -> LabelSet:
        """The labels, to turn classes into values."""
        return LabelSet(self.labels)

    def to_plain(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_plain`; raises KeyError or TypeError where values are missing."""
        spacing = values["spacing"]
        return cls(
            values["task"],
            values["channels"],
            values["slab"],
            tuple(values["labels"]),
            None if spacing is None else tuple(spacing),
            values["unit"],
        )


def read_spec(extra: Mapping[str, Any], path: Path) -> StackSpec:
    """The description in a checkpoint.

    Args:
        extra: what the checkpoint holds beside the network.
        path: the checkpoint, for the error.

    Raises:
        SourceError: it is incomplete, or that of something else.
    """
    try:
        return StackSpec.from_plain(extra[SPEC])
    except (KeyError, TypeError) as error:
        raise SourceError(
            f"{path} describes its training on stacks incompletely ({error}); train it again."
        ) from error

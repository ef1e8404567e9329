"""Opens stacks and looks at a sample of their values; runs in worker threads."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from app.viewer.levels import Levels, ValueFacts, describe_values
from app.viewer.plane_images import PlaneLook

if TYPE_CHECKING:
    from engine.sources import DatasetInfo, StackSource

SAMPLED_PLANES = 9
SAMPLED_SIDE = 256
# Values of two stacks are shown between the same levels unless their spans differ by more than this factor.
ALIKE = 4.0
AIR = -200.0


class Role(StrEnum):
    """What a stack is for; the value is what the window calls it."""

    INPUT = "Input"
    TARGET = "Target"
    PREDICTION = "Prediction"


@dataclass(frozen=True)
class OpenStack:
    """An open stack and what a sample of its values tells."""

    source: "StackSource"
    facts: ValueFacts

    @property
    def of_file(self) -> Levels | None:
        """The levels that the file asks for."""
        window = self.source.window
        return Levels(*window) if window is not None and window[1] > window[0] else None

    @property
    def hounsfield(self) -> bool:
        """Whether the values look like Hounsfield units: in mm, and with air below -200."""
        return self.source.geometry.unit == "mm" and -5000 < self.facts.lowest < AIR

    def look_beside(self, first: "OpenStack", levels: Levels) -> PlaneLook:
        """How to show this stack with another one, the first, that is shown between `levels`."""
        if self.facts.labels and not first.facts.labels:
            return PlaneLook(self.source, None)
        mine, others = self.facts.automatic, first.facts.automatic
        alike = 1 / ALIKE < mine.window / others.window < ALIKE
        overlap = mine.low < others.high and others.low < mine.high
        return PlaneLook(self.source, levels if alike and overlap else mine)


@dataclass(frozen=True)
class DatasetChoice:
    """A file that holds several volumes, one of which the user has to choose."""

    path: Path
    role: Role
    datasets: tuple["DatasetInfo", ...]


def open_path(path: Path, role: Role, dataset: str | None = None) -> OpenStack | DatasetChoice:
    """Open a stack, or tell which volumes the file offers.

    Raises:
        SourceError: It cannot be opened; the text says why.
    """
    from engine.sources import list_datasets, open_stack

    if dataset is None:
        datasets = list_datasets(path)
        if len(datasets) > 1:
            return DatasetChoice(path, role, datasets)
    source = open_stack(path, dataset)
    try:
        return OpenStack(source, describe_values(sample_of(source)))
    except BaseException:
        source.close()
        raise


def let_go(found: OpenStack | DatasetChoice) -> None:
    """Close what was opened and is not wanted any more."""
    if isinstance(found, OpenStack):
        found.source.close()


def sample_of(source: "StackSource") -> npt.NDArray[Any]:
    """A few planes spread over the stack, each thinned to at most 256 voxels a side; the first channel."""
    depth, rows, columns = source.shape
    steps = [max(1, side // SAMPLED_SIDE) for side in (rows, columns)]
    indices = sorted({round(index) for index in np.linspace(0, depth - 1, min(SAMPLED_PLANES, depth))})
    planes = [source.plane(0, index)[:: steps[0], :: steps[1]] for index in indices]
    sample = np.stack(planes)
    return sample[..., 0] if source.channels > 1 else sample


def sizes_differ(first: "StackSource", second: "StackSource") -> str:
    """A sentence where the second stack is not as large as the first; empty where it is."""
    if first.shape == second.shape:
        return ""
    return (
        f"{second.name} has {size_text(second.shape)} voxels, but {first.name} has {size_text(first.shape)}; "
        "choose a stack of the same size."
    )


def size_text(shape: tuple[int, ...]) -> str:
    """A shape in words, slices first."""
    return " × ".join(f"{length:,}" for length in shape)

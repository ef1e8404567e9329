"""The checkpoints of past runs that a prediction on stacks can use."""

from pathlib import Path

from wholefield.runs.settings import RunSettings
from wholefield.tasks.stacks.settings import (
    Noise2InverseSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
    StackTrainingSettings,
)
from wholefield_app.runs.checkpoints import Checkpoint, list_checkpoints

TITLES: dict[type[RunSettings], str] = {
    StackRegressionSettings: "Restore",
    StackSegmentationSettings: "Segment",
    Noise2InverseSettings: "Noise2Inverse",
}


def list_stack_checkpoints(runs: Path) -> list[Checkpoint]:
    """Checkpoints of the trainings on stacks under `runs`."""
    return list_checkpoints(runs, _name)


def _name(config: RunSettings) -> str | None:
    if not isinstance(config, StackTrainingSettings):
        return None
    return title_of(config)


def title_of(config: StackTrainingSettings) -> str:
    """What a training, and the network that comes of it, is called."""
    volumes = " 3-D" if config.ndim == 3 else ""
    return f"{TITLES[type(config)]}{volumes}, depth {config.depth}"

"""The checkpoints of past runs that a prediction on stacks can use."""

from pathlib import Path

from app.runs.checkpoints import Checkpoint, list_checkpoints
from engine.runs.settings import RunSettings
from engine.runs.stacks.config import (
    Noise2InverseConfig,
    StackRegressionConfig,
    StackSegmentationConfig,
    StackTrainingConfig,
)

TITLES: dict[type[RunSettings], str] = {
    StackRegressionConfig: "Restore",
    StackSegmentationConfig: "Segment",
    Noise2InverseConfig: "Noise2Inverse",
}


def list_stack_checkpoints(runs: Path) -> list[Checkpoint]:
    """Checkpoints of the trainings on stacks under `runs`."""
    return list_checkpoints(runs, _name)


def _name(config: RunSettings) -> str | None:
    if not isinstance(config, StackTrainingConfig):
        return None
    return f"{TITLES[type(config)]}, depth {config.depth}"

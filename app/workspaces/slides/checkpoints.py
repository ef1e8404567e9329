"""The checkpoints of past runs that a prediction on slides can use."""

from pathlib import Path

from app.runs.checkpoints import Checkpoint, list_checkpoints
from engine.models.registry import find_model
from engine.runs.config import ClassifyConfig
from engine.runs.settings import RunSettings


def list_classifiers(runs: Path) -> list[Checkpoint]:
    """Checkpoints of the classify runs under `runs`."""
    return list_checkpoints(runs, _name)


def _name(config: RunSettings) -> str | None:
    return find_model(config.model).title if isinstance(config, ClassifyConfig) else None

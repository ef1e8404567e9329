"""The checkpoints of past runs that a prediction on slides can use."""

from pathlib import Path

from wholefield.networks.registry import find_model
from wholefield.runs.settings import RunSettings
from wholefield.tasks.slides.settings import ClassifySettings, SegmentSettings
from wholefield_app.runs.checkpoints import Checkpoint, list_checkpoints

SEGMENTER = "U-Net"


def list_models(runs: Path) -> list[Checkpoint]:
    """Checkpoints of the classify and segment runs under `runs`."""
    return list_checkpoints(runs, network_title)


def network_title(config: RunSettings) -> str | None:
    """What the network of a training on slides is called; None for other runs."""
    if isinstance(config, SegmentSettings):
        return SEGMENTER
    return find_model(config.model).title if isinstance(config, ClassifySettings) else None

"""The checkpoints of past runs that find flow."""

from pathlib import Path

from wholefield.runs.settings import RunSettings
from wholefield.tasks.events.settings import FlowSettings
from wholefield_app.runs.checkpoints import Checkpoint, list_checkpoints


def list_flow_checkpoints(runs: Path) -> list[Checkpoint]:
    """Checkpoints of the trainings on recordings under `runs`."""
    return list_checkpoints(runs, _name)


def _name(config: RunSettings) -> str | None:
    if not isinstance(config, FlowSettings):
        return None
    return f"{config.network}, bins of {config.delta_t / 1000:g} ms"

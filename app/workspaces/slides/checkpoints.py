"""The checkpoints of past runs that a prediction can use."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.errors import SettingError
from engine.models.registry import find_model
from engine.runs.config import ClassifyConfig
from engine.runs.folder import RunFolder, past_runs


@dataclass(frozen=True)
class Checkpoint:
    """A file with trained weights, and what a list calls it."""

    path: Path
    title: str


def list_checkpoints(runs: Path) -> list[Checkpoint]:
    """Best and last checkpoints of the classify runs under `runs`, newest run first; damaged runs are left out."""
    found: list[Checkpoint] = []
    for folder in past_runs(runs):
        name = _name(folder)
        if name is None:
            continue
        for path, kind in ((folder.best, "best"), (folder.last, "last")):
            if path.is_file():
                found.append(Checkpoint(path, name.format(kind)))
    return found


def _name(folder: RunFolder) -> str | None:
    """The network and when the run began, with a gap for the kind of checkpoint."""
    try:
        config = folder.config()
        if not isinstance(config, ClassifyConfig):
            return None
        title = find_model(config.model).title
    except SettingError:
        return None
    begun = datetime.fromtimestamp(folder.config_file.stat().st_mtime)
    return f"{title}, {{}}, {begun:%H:%M, %d %b}"

"""Which workspace a file or folder is opened in."""

from collections.abc import Sequence
from pathlib import Path

from wholefield.sources.kinds import Kind
from wholefield_app.document.entry import Entry

MODELS = "models"
"""In place of a workspace: a network, which is no data."""


def workspace_for(
    path: Path,
    entries: Sequence[Entry],
    remembered: str = "",
    asking: Entry | None = None,
) -> str | None:
    """Name of the workspace for a path; reads the beginning of files, so call it in a worker thread.

    Args:
        path: A file or folder.
        entries: The workspaces there are.
        remembered: Name of the workspace in which the path was opened before, or empty.
        asking: The workspace in whose dialog the user chose the path, or None; it comes first if it can open it.

    Returns:
        The name; `MODELS` for a network; None if undecided: the current workspace may try.
    """
    from wholefield.sources.detection import kinds_of

    kinds = kinds_of(path)
    if kinds[:1] == (Kind.MODEL,):
        return MODELS
    if asking is not None and asking.kind in kinds:
        return asking.name
    names = [entry.name for entry in entries]
    if remembered in names and path.exists():
        return remembered
    claiming = next((entry.name for entry in entries if entry.claims(path)), None)
    if claiming is not None:
        return claiming
    return next((entry.name for entry in entries if entry.kind in kinds[:1]), None)

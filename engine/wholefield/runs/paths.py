"""The paths in settings, written so that a run can go on from any working folder."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from wholefield.runs.settings import PathKind, RunSettings

Settings = TypeVar("Settings", bound=RunSettings)
LIST_SIGN = ";"


def absolute(settings: Settings) -> Settings:
    """The same settings with paths that do not depend on the working folder.

    A text that may be a path, such as weights to start from, is one where a file of that name exists.

    Args:
        settings: Settings of any task.

    Returns:
        Settings that compare equal but for the paths.
    """
    return _changed(settings, _absolute)


def located(settings: Settings, folder: Path) -> Settings:
    """Settings of a run with relative paths, as runs of before kept them, found from the run folder upwards.

    Args:
        settings: What the run folder holds.
        folder: The run folder.

    Returns:
        Settings whose relative paths are absolute, as far as something of that name exists beside or above the run.
    """
    above = folder.absolute().parents

    def find(path: Path) -> Path:
        if path.is_absolute() or path.exists():
            return _absolute(path)
        return next((each / path for each in above if (each / path).exists()), path)

    return _changed(settings, find)


def inputs_of(settings: RunSettings) -> list[Path]:
    """The files and folders that settings name for a run to read, whether or not they are there."""
    declared, found = settings.declarations(), []
    for item in fields(settings):
        value, setting = getattr(settings, item.name), declared[item.name].setting
        if setting.path is PathKind.NEW or not value:
            continue
        if setting.path_list:
            found += [Path(part.strip()) for part in value.split(LIST_SIGN) if part.strip()]
        elif isinstance(value, Path) or setting.path is not PathKind.ANY:
            found.append(Path(value))
    return found


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _changed(settings: Settings, change: Callable[[Path], Path]) -> Settings:
    declared = settings.declarations()
    values: dict[str, Any] = {}
    for item in fields(settings):
        value, setting = getattr(settings, item.name), declared[item.name].setting
        if isinstance(value, Path):
            values[item.name] = change(value)
        elif isinstance(value, str) and setting.path_list:
            parts = (part.strip() for part in value.split(LIST_SIGN))
            values[item.name] = f"{LIST_SIGN} ".join(str(change(Path(part))) for part in parts if part)
        elif isinstance(value, str) and setting.path is not PathKind.ANY and value:
            found = change(Path(value))
            values[item.name] = str(found) if found.exists() else value
    return replace(settings, **values)

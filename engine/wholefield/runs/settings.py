"""Settings of a run as frozen dataclasses: declared once, then checked, saved and offered as options."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, ClassVar, Self, TypeVar, get_args, get_type_hints

from wholefield.errors import SettingError
from wholefield.files import replacing


@dataclass(frozen=True)
class About:
    """What a form, a command line and a check need to know of one setting; stands in its annotation.

    For example `epochs: Annotated[int, About("Passes over the slides.", at_least=1)] = 20`.

    Attributes:
        text: what it means, for a tool tip or a help page.
        at_least: smallest allowed number.
        above: number that the value must exceed.
        at_most: largest allowed number.
        below: number that the value must stay under.
        positional: whether the command line takes it without an option name.
        short: a letter that the command line takes for the option name, too.
    """

    text: str
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    positional: bool = False
    short: str = ""

    def fault(self, value: float) -> str | None:
        """Say what is wrong with a number, or None."""
        if not math.isfinite(value):
            return "a finite number"
        if self.at_least is not None and value < self.at_least:
            return f"at least {self.at_least:g}"
        if self.above is not None and value <= self.above:
            return f"above {self.above:g}"
        if self.at_most is not None and value > self.at_most:
            return f"at most {self.at_most:g}"
        if self.below is not None and value >= self.below:
            return f"below {self.below:g}"
        return None


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Base of the settings of every task; a subclass names its task and becomes loadable by that name.

    Settings of a command that makes no run folder name only the command.

    Attributes:
        task: the name under which JSON files and the command line know the settings.
        runner: `module:function` that does the task, called with (settings, run folder, report, control).
        command: the words of the command line that run it, such as ("train", "classify").
    """

    task: ClassVar[str]
    runner: ClassVar[str]
    command: ClassVar[tuple[str, ...]]
    tasks: ClassVar[dict[str, type["RunSettings"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # A base that several tasks share has no name of its own.
        if "task" in vars(cls):
            RunSettings.tasks[cls.task] = cls

    @classmethod
    def types(cls) -> Mapping[str, Any]:
        """The declared type of every setting by name."""
        hints = get_type_hints(cls)
        return MappingProxyType({item.name: hints[item.name] for item in fields(cls)})

    @classmethod
    def abouts(cls) -> Mapping[str, About]:
        """Meaning and limits of every setting by name."""
        hints = get_type_hints(cls, include_extras=True)
        return MappingProxyType({item.name: hints[item.name].__metadata__[0] for item in fields(cls)})

    def require_above(self, name: str, other: str) -> None:
        """Check that one setting is above another, where both are given.

        Raises:
            SettingError: It is not.
        """
        value, limit = getattr(self, name), getattr(self, other)
        if value is not None and limit is not None and value <= limit:
            raise SettingError(f"The setting {name} is {value} but must be above {other}.")

    def validate(self) -> None:
        """Check every number against its limits.

        Raises:
            SettingError: names the setting, its value and what it must be.
        """
        for name, about in self.abouts().items():
            value = getattr(self, name)
            if isinstance(value, int | float) and (fault := about.fault(value)):
                raise SettingError(f"The setting {name} is {value:g} but must be {fault}.")

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values under their names, with the task."""
        return {"task": self.task} | {item.name: _to_json(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Settings of this task from JSON values; the inverse of `to_json`.

        Raises:
            SettingError: a setting is unknown, missing or of the wrong type.
        """
        types = cls.types()
        given = {name: value for name, value in values.items() if name != "task"}
        if unknown := sorted(set(given) - set(types)):
            raise SettingError(f"The task {cls.task} has no setting {unknown[0]}; remove it.")
        for item in fields(cls):
            if item.default is MISSING and item.name not in given:
                raise SettingError(f"The task {cls.task} needs the setting {item.name}; add it.")
        return cls(**{name: decode(name, value, types[name]) for name, value in given.items()})


Settings = TypeVar("Settings", bound=RunSettings)


def save_config(config: RunSettings, path: Path) -> None:
    """Write settings as a JSON file."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(config.to_json(), indent=2) + "\n", encoding="utf-8")


def load_config(path: Path) -> RunSettings:
    """Read settings of any task from a JSON file.

    Raises:
        SettingError: the file is missing, is no JSON object, or holds settings that do not fit the task.
    """
    values = _read_object(path)
    # A task that is declared elsewhere becomes known when its module is imported.
    import wholefield.tasks.registry  # noqa: F401

    task = values.get("task")
    if task not in RunSettings.tasks:
        known = ", ".join(sorted(RunSettings.tasks))
        raise SettingError(f"{path} asks for the task {task!r}; choose one of {known}.")
    try:
        return RunSettings.tasks[task].from_json(values)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error


def decode(name: str, value: Any, kind: Any) -> Any:
    """A JSON value as the declared type of a setting.

    Raises:
        SettingError: the value does not fit.
    """
    options = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if value is None and NoneType in options:
        return None
    (wanted,) = (option for option in options if option is not NoneType)
    accepted: dict[Any, tuple[type, ...]] = {int: (int,), float: (int, float), bool: (bool,)}
    if not isinstance(value, accepted.get(wanted, (str,))) or (
        isinstance(value, bool) and wanted is not bool
    ):
        raise SettingError(f"The setting {name} is {value!r} but must be {describe(wanted)}.")
    try:
        return wanted(value)
    except ValueError:
        raise SettingError(f"The setting {name} is {value!r} but must be {describe(wanted)}.") from None


def describe(kind: Any) -> str:
    """A declared type in words."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(kind)
    words = {int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}
    return words.get(kind, "a text")


def _to_json(value: Any) -> Any:
    return str(value) if isinstance(value, Path | StrEnum) else value


def _read_object(path: Path) -> Mapping[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"The settings file {path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SettingError(f"The settings file {path} is not valid JSON ({error}).") from error
    if not isinstance(values, dict):
        raise SettingError(f"The settings file {path} must hold one JSON object with a task.")
    return values

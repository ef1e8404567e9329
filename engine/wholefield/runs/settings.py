"""Settings as frozen dataclasses: declared once, then checked, saved, documented, and offered as form and options."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, ClassVar, Self, TypeVar, get_args, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.numbers import AmbiguousNumberError, number_as
from wholefield.runs.limits import Limit, holds, words as words

# JSON has no comma within numbers, but people write one.
DECIMAL_COMMA = re.compile(r'":\s*(-?\d+),(\d+)\s*[,}\n]')


class Group(StrEnum):
    """Headings under which a form and the documentation list settings, in this order."""

    DATA = "Data"
    NETWORK = "Network"
    TRAINING = "Training"
    VALIDATION = "Validation"
    AUGMENTATION = "Augmentation"
    OUTPUT = "Output"
    COMPUTATION = "Computation"


class Choice(StrEnum):
    """Base of settings with a few named values; a member is written `NAME = "value", "Label on the screen"`.

    Attributes:
        label: What a form calls the value.
    """

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """A member with its label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value.replace("-", " ").replace("_", " ").capitalize()
        return member


class PathKind(StrEnum):
    """What a path setting names. Files, folders and existing paths are checked; what opens the others tells."""

    FILE = "file"
    FOLDER = "folder"
    EXISTING = "existing"
    ANY = "any"
    NEW = "new"


@dataclass(frozen=True)
class Setting:
    """What a form, the command line and the documentation need to know of one setting; stands in its annotation.

    For example `epochs: Annotated[int, Ge(1), Setting("Passes over the training data.")] = 20`. Limits are those of
    `annotated_types`: Ge, Gt, Le and Lt.

    Attributes:
        help: What it means, one sentence or two.
        label: What a form calls it; made from its name where empty.
        unit: Unit of the number, such as px or MiB.
        group: Heading under which it is listed.
        none: What no value means, such as "Whole slides"; shown in its place.
        advanced: Whether a form folds it away with what is seldom changed.
        hidden: Whether a form leaves it out, because the document knows its value.
        percent: Whether a form shows a share from 0 to 1 as a percentage.
        logarithmic: Whether a step in a form multiplies the value instead of adding to it.
        choices: `module:function` that gives the values on offer and their titles, for a text.
        path: What a path names.
        path_list: Whether a text is a list of paths with semicolons between.
        suffixes: How the names of files may end, for a file dialog; all where empty.
        positional: Whether the command line takes it without an option name.
        short: A letter that the command line takes for the option name, too.
    """

    help: str
    label: str = ""
    unit: str = ""
    group: Group = Group.TRAINING
    none: str = ""
    advanced: bool = False
    hidden: bool = False
    percent: bool = False
    logarithmic: bool = False
    choices: str = ""
    path: PathKind = PathKind.ANY
    path_list: bool = False
    suffixes: tuple[str, ...] = ()
    positional: bool = False
    short: str = ""


@dataclass(frozen=True)
class Requires:
    """That a setting has a meaning only with some values of another one; stands in its annotation.

    Attributes:
        name: The other setting.
        values: The values with which it has a meaning; where empty, any value that is set (neither None, 0 nor "").
        reason: A sentence on why it is disabled otherwise, such as "Set a crop size first."
    """

    name: str
    reason: str
    values: tuple[Any, ...] = ()

    def met(self, value: Any) -> bool:
        """Whether the other setting has such a value."""
        return value in self.values if self.values else bool(value)


@dataclass(frozen=True)
class Declaration:
    """Everything that is declared of one setting.

    Attributes:
        name: Its name in Python and in JSON files.
        setting: What it means.
        type: Its type without None.
        optional: Whether None is a value.
        default: Its default; `dataclasses.MISSING` where it must be given.
        limits: The limits of a number.
        requires: When it has a meaning.
    """

    name: str
    setting: Setting
    type: type[Any]
    optional: bool
    default: Any
    limits: tuple[Limit, ...]
    requires: tuple[Requires, ...]

    @property
    def label(self) -> str:
        """What a form calls it."""
        return self.setting.label or self.name.replace("_", " ").capitalize()

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is MISSING

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The smallest and the largest number, as far as there are limits; those of Gt and Lt are not allowed."""
        low = [
            limit.ge if isinstance(limit, Ge) else limit.gt
            for limit in self.limits
            if isinstance(limit, Ge | Gt)
        ]
        high = [
            limit.le if isinstance(limit, Le) else limit.lt
            for limit in self.limits
            if isinstance(limit, Le | Lt)
        ]
        return (low[0] if low else None), (high[0] if high else None)  # type: ignore[return-value]

    @property
    def choices(self) -> Mapping[Any, str]:
        """The values on offer with their titles; empty where any value may be typed."""
        if issubclass(self.type, StrEnum):
            return {member: getattr(member, "label", str(member)) for member in self.type}
        if not self.setting.choices:
            return {}
        module, function = self.setting.choices.split(":")
        found: Mapping[Any, str] = getattr(import_module(module), function)()
        return found

    def fault(self, value: Any) -> str:
        """What is wrong with a value, such as "at least 1"; empty where it may be."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return ""
        if not math.isfinite(value):
            return "a finite number"
        return next((words(limit) for limit in self.limits if not holds(limit, value)), "")

    def disabled_because(self, value_of: Callable[[str], Any]) -> str:
        """Why the setting has no meaning with the values of the others; empty where it has one."""
        return next((each.reason for each in self.requires if not each.met(value_of(each.name))), "")


@dataclass(frozen=True)
class Former:
    """A setting as it was called, or written, before: files and commands with it still work.

    Attributes:
        type: The type of its value on the command line.
        put: Puts what the value stands for today into the values.
    """

    type: type[Any]
    put: Callable[[dict[str, Any], Any], None]


def renamed(name: str, type: type[Any]) -> Former:
    """A setting that is now called `name` and means the same."""
    return Former(type, lambda values, value: values.__setitem__(name, value))


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Base of the settings of every task and command.

    Attributes:
        task: The name under which JSON files and the command line know the settings of a task.
        command: The words of the command line that run it, such as ("train", "classify").
        former: Settings by the names that they had before.
    """

    task: ClassVar[str] = ""
    command: ClassVar[tuple[str, ...]]
    former: ClassVar[Mapping[str, Former]] = MappingProxyType({})

    @classmethod
    def declarations(cls) -> Mapping[str, Declaration]:
        """What is declared of every setting, by name, ordered by groups."""
        return _declarations(cls)  # type: ignore[arg-type]  # a class is hashable; mypy takes the dataclass's own hash

    def require_above(self, name: str, other: str) -> None:
        """Check that one setting is above another, where both are given.

        Raises:
            SettingError: It is not.
        """
        value, limit = getattr(self, name), getattr(self, other)
        if value is not None and limit is not None and value <= limit:
            raise SettingError(f"The setting {name} is {value} but must be above {other}.")

    def validate(self) -> None:
        """Check every number against its limits, and every path that names something that must exist.

        Raises:
            SettingError: Names the setting, its value and what it must be.
        """
        for name, declared in self.declarations().items():
            value = getattr(self, name)
            if isinstance(value, str) and declared.type in (int, float):
                # What a form could not read as a number: the sentence says why.
                value = convert(name, value, declared.type)
            if fault := declared.fault(value):
                raise SettingError(f"The setting {name} is {value:g} but must be {fault}.")
            if isinstance(value, Path) and (fault := _path_fault(value, declared.setting.path)):
                raise SettingError(
                    f"The setting {name} names {value}, which {fault}; choose an existing one."
                )

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values under their names, with the task."""
        return {"task": self.task} | {item.name: _to_json(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Settings of this task from JSON values; the inverse of `to_json`, former names included.

        Raises:
            SettingError: A setting is unknown, missing or of the wrong type.
        """
        declared = cls.declarations()
        given = cls.upgraded({name: value for name, value in values.items() if name != "task"})
        if unknown := sorted(set(given) - set(declared)):
            raise SettingError(f"The task {cls.task} has no setting {unknown[0]}; remove it.")
        for name, each in declared.items():
            if each.required and name not in given:
                raise SettingError(f"The task {cls.task} needs the setting {name}; add it.")
        return cls(**{name: decode(declared[name], value) for name, value in given.items()})

    @classmethod
    def upgraded(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Values with today's names only."""
        known = cls.declarations()
        for name in [name for name in values if name in cls.former and name not in known]:
            cls.former[name].put(values, values.pop(name))
        return values

    def summary(self, folder: Path) -> list[str]:
        """The lines that the command line prints when the run has ended in this folder."""
        return [str(folder)]


Settings = TypeVar("Settings", bound=RunSettings)


@cache
def _declarations(cls: type[RunSettings]) -> Mapping[str, Declaration]:
    hints = get_type_hints(cls, include_extras=True)
    found = [_declaration(item.name, hints[item.name], item.default) for item in fields(cls)]
    # Within a group first what must be given.
    found.sort(key=lambda each: (list(Group).index(each.setting.group), not each.required))
    return MappingProxyType({each.name: each for each in found})


def _declaration(name: str, hint: Any, default: Any) -> Declaration:
    kind, *extras = get_args(hint)
    options = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    (plain,) = (option for option in options if option is not NoneType)
    (setting,) = (extra for extra in extras if isinstance(extra, Setting))
    limits = tuple(extra for extra in extras if isinstance(extra, Limit))
    requires = tuple(extra for extra in extras if isinstance(extra, Requires))
    return Declaration(name, setting, plain, NoneType in options, default, limits, requires)


def save_settings(settings: RunSettings, path: Path) -> None:
    """Write settings as a JSON file."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(settings.to_json(), indent=2) + "\n", encoding="utf-8")


def read_settings(path: Path) -> Mapping[str, Any]:
    """The JSON values of a settings file.

    Raises:
        SettingError: The file is missing or is no JSON object.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = json.loads(text)
    except OSError as error:
        raise SettingError(f"The settings file {path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        comma = isinstance(error, json.JSONDecodeError) and DECIMAL_COMMA.search(text)
        hint = f'; write {comma[1]}.{comma[2]}, or "{comma[1]},{comma[2]}" in quotes' if comma else ""
        raise SettingError(f"The settings file {path} is not valid JSON ({error}){hint}.") from error
    if not isinstance(values, dict):
        raise SettingError(f"The settings file {path} must contain one JSON object with a task.")
    return values


def decode(declared: Declaration, value: Any) -> Any:
    """A JSON value as the declared type of a setting.

    Raises:
        SettingError: The value does not fit.
    """
    if value is None and declared.optional:
        return None
    # A number may stand in quotes, as people write one with a comma before its decimals.
    accepted: dict[Any, tuple[type, ...]] = {int: (int, str), float: (int, float, str), bool: (bool,)}
    fits = isinstance(value, accepted.get(declared.type, (str,)))
    if fits and (declared.type is bool or not isinstance(value, bool)):
        return convert(declared.name, value, declared.type)
    raise SettingError(f"The setting {declared.name} is {value!r} but must be {describe(declared.type)}.")


def convert(name: str, value: Any, kind: type[Any]) -> Any:
    """A value as the type of a setting.

    Raises:
        SettingError: It cannot be read as that.
    """
    try:
        return number_as(kind, value) if kind in (int, float) and isinstance(value, str) else kind(value)
    except AmbiguousNumberError as error:
        raise SettingError(f"The setting {name}: {error}") from None
    except ValueError:
        raise SettingError(f"The setting {name} is {value!r} but must be {describe(kind)}.") from None


def describe(kind: type[Any]) -> str:
    """A declared type in words."""
    if issubclass(kind, StrEnum):
        return "one of " + ", ".join(kind)
    words = {int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}
    return words.get(kind, "text")


def _path_fault(path: Path, kind: PathKind) -> str:
    match kind:
        case PathKind.FILE if not path.is_file():
            return "is not a file"
        case PathKind.FOLDER if not path.is_dir():
            return "is not a folder"
        case PathKind.EXISTING if not path.exists():
            return "does not exist"
    return ""


def _to_json(value: Any) -> Any:
    return str(value) if isinstance(value, Path | StrEnum) else value

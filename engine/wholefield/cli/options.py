"""Settings as command-line options, made from their declarations, and a run as the command that repeats it."""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import MISSING, fields
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, NoReturn, TypeVar, get_args

from wholefield.errors import SettingError
from wholefield.runs.settings import RunSettings, describe

Settings = TypeVar("Settings", bound=RunSettings)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors with a sentence, and which takes no abbreviated names."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        """Raise what would otherwise be printed with the usage."""
        raise SettingError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def add_settings(parser: argparse.ArgumentParser, settings: type[RunSettings]) -> None:
    """Add an option for every setting of a task; one without a default is required."""
    types, abouts = settings.types(), settings.abouts()
    for item in fields(settings):
        about, kind = abouts[item.name], _plain(types[item.name])
        text = about.text.replace("%", "%%")
        if about.positional:
            parser.add_argument(item.name, help=text)
        elif kind is bool:
            parser.add_argument(
                option(item.name), action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text
            )
        else:
            parser.add_argument(
                *([f"-{about.short}"] if about.short else []),
                option(item.name),
                required=item.default is MISSING,
                default=argparse.SUPPRESS,
                metavar="|".join(kind) if issubclass(kind, StrEnum) else item.name.upper(),
                help=text if item.default in (MISSING, None) else f"{text} Default: {item.default}.",
            )


def settings_from(arguments: argparse.Namespace, settings: type[Settings]) -> Settings:
    """The settings that parsed arguments stand for.

    Raises:
        SettingError: a value has the wrong type.
    """
    given = vars(arguments)
    types = settings.types()
    return settings(**{name: parse(name, given[name], types[name]) for name in types if name in given})


def parse(name: str, text: str | bool, kind: Any) -> Any:
    """A value of the command line as the declared type of a setting.

    Raises:
        SettingError: it cannot be read as that.
    """
    wanted = _plain(kind)
    try:
        return wanted(text)
    except ValueError:
        raise SettingError(f"{option(name)} is {text!r} but must be {describe(wanted)}.") from None


def command_line(config: RunSettings) -> str:
    """The command that runs exactly these settings, quoted for a POSIX shell; defaults are left out."""
    return shlex.join(["wholefield", *arguments_of(config)])


def arguments_of(config: RunSettings) -> Sequence[str]:
    """The words after `wholefield` that `command_line` joins."""
    abouts = config.abouts()
    options: list[str] = []
    positional: list[str] = []
    for item in fields(config):
        value = getattr(config, item.name)
        if abouts[item.name].positional:
            positional.append(str(value))
        elif value != item.default:
            options.append(_option(item.name, value))
    # Behind -- a file name may begin with a hyphen.
    guard = ["--"] if any(word.startswith("-") for word in positional) else []
    return [*config.command, *options, *guard, *positional]


def option(name: str) -> str:
    """The option of a setting: `tile_size` is `--tile-size`."""
    return f"--{name.replace('_', '-')}"


def _option(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return option(name) if value else option(f"no_{name}")
    return f"{option(name)}={value!r}" if isinstance(value, float) else f"{option(name)}={value}"


def _plain(kind: Any) -> Any:
    """The declared type without its None, which the command line says by leaving the option out."""
    if not isinstance(kind, UnionType):
        return kind
    (plain,) = (one for one in get_args(kind) if one is not NoneType)
    return plain

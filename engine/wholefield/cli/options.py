"""Settings as command-line options, made from their declarations, and a run as the command that repeats it."""

import argparse
import shlex
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from wholefield.errors import SettingError
from wholefield.numbers import AmbiguousNumberError, number_as, written
from wholefield.runs.settings import Declaration, RunSettings, convert, describe
from wholefield.tasks.events.shipped import SHIPPED, resolve

Settings = TypeVar("Settings", bound=RunSettings)
FORMER = "former_"
NONE = "none"
NOT_FINITE = ("inf", "-inf", "nan")


class ChoicesCompleter:
    """What a shell offers for an option with a list of values."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._choices = choices

    def __call__(self, prefix: str, **_: Any) -> list[str]:
        """The values that begin like this."""
        return [choice for choice in self._choices if choice.startswith(prefix)]


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors with a sentence, and which takes no abbreviated names."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        """Raise what would otherwise be printed with the usage."""
        raise SettingError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def add_settings(parser: argparse.ArgumentParser, settings: type[RunSettings], *, many: bool = False) -> None:
    """Add an option for every setting of a task; one without a default is required.

    Options that were called otherwise before still work; the help does not list them.

    Args:
        parser: Takes the options.
        settings: The settings of the task.
        many: Take any number of values for the setting without an option name; they arrive as a list.
    """
    declared = settings.declarations()
    for each in declared.values():
        _add(parser, each, many=many)
    for name, former in settings.former.items():
        if name not in declared:
            action: Any = argparse.BooleanOptionalAction if former.type is bool else "store"
            parser.add_argument(
                option(name),
                dest=f"{FORMER}{name}",
                action=action,
                default=argparse.SUPPRESS,
                help=argparse.SUPPRESS,
            )


def _add(parser: argparse.ArgumentParser, each: Declaration, *, many: bool) -> None:
    text = help_of(each).replace("%", "%%")
    if each.setting.positional:
        if each.required:
            parser.add_argument(each.name, help=text, nargs="+" if many else None)
        else:
            parser.add_argument(each.name, nargs="?", default=argparse.SUPPRESS, help=text)
    elif each.type is bool:
        parser.add_argument(
            option(each.name), action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text
        )
    else:
        choices = list(each.type) if issubclass(each.type, StrEnum) else []
        action = parser.add_argument(
            *([f"-{each.setting.short}"] if each.setting.short else []),
            option(each.name),
            required=each.required,
            default=argparse.SUPPRESS,
            metavar="|".join(choices) or each.name.upper(),
            help=text,
        )
        if choices:
            # argcomplete looks for this; `choices` would take the check of the value away from the setting.
            setattr(action, "completer", ChoicesCompleter(choices))  # noqa: B010


def help_of(each: Declaration) -> str:
    """What a setting means, its unit and its default, in a line."""
    unit = f" In {each.setting.unit}." if each.setting.unit else ""
    default = each.setting.none.lower() if each.default is None else each.default
    shown = "" if each.required or default in ("", None) else f" Default: {default}."
    return f"{each.setting.help}{unit}{shown}"


def settings_from(arguments: argparse.Namespace, settings: type[Settings]) -> Settings:
    """The settings that parsed arguments stand for.

    Raises:
        SettingError: A value has the wrong type, or an option is given under two names.
    """
    given, declared = vars(arguments), settings.declarations()
    values = {name: _value(declared[name], given[name]) for name in declared if name in given}
    former = {
        name: parse(name, given[FORMER + name], each.type)
        for name, each in settings.former.items()
        if FORMER + name in given
    }
    upgraded = settings.upgraded(former)
    for name, value in upgraded.items():
        if name in values:
            raise SettingError(f"{option(name)} is given twice, once under its former name; give it once.")
        values[name] = convert(name, value, declared[name].type)
    return settings(**values)


def _value(each: Declaration, text: str | bool) -> Any:
    if text == NONE and each.optional and each.default is not None:
        return None
    if isinstance(text, str) and text.startswith(SHIPPED):
        text = str(resolve(Path(text)))
    return parse(each.name, text, each.type)


def parse(name: str, text: str | bool, kind: Any) -> Any:
    """A value of the command line as the declared type of a setting.

    Raises:
        SettingError: It cannot be read as that.
    """
    try:
        # What is not finite is a number here, so that the limits of the setting can say that it must be.
        plain = kind not in (int, float) or (kind is float and text in NOT_FINITE)
        return kind(text) if plain else number_as(kind, str(text))
    except AmbiguousNumberError as error:
        raise SettingError(f"{option(name)}: {error}") from None
    except ValueError:
        raise SettingError(f"{option(name)} is {text!r} but must be {describe(kind)}.") from None


def number_option(kind: type[Any]) -> Callable[[str], Any]:
    """What turns the text of an option that no setting declares into its type; complaints are those of the one parser.

    Args:
        kind: int, float or any other type that can be made of a text.

    Returns:
        A function for `add_argument(type=...)`; it raises ArgumentTypeError.
    """

    def read(text: str) -> Any:
        try:
            return number_as(kind, text) if kind in (int, float) else kind(text)
        except AmbiguousNumberError as error:
            raise argparse.ArgumentTypeError(str(error).removesuffix(".")) from None
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} must be {describe(kind)}") from None

    return read


def command_line(settings: RunSettings) -> str:
    """The command that runs exactly these settings, quoted for a POSIX shell; defaults are left out."""
    return shlex.join(["wholefield", *arguments_of(settings)])


def arguments_of(settings: RunSettings) -> Sequence[str]:
    """The words after `wholefield` that `command_line` joins."""
    options: list[str] = []
    positional: list[str] = []
    for name, each in settings.declarations().items():
        value = getattr(settings, name)
        if each.setting.positional:
            positional += [] if value is None else [str(value)]
        elif value != each.default:
            options.append(_option(name, value))
    # Behind -- a file name may begin with a hyphen.
    guard = ["--"] if any(word.startswith("-") for word in positional) else []
    return [*settings.command, *options, *guard, *positional]


def option(name: str) -> str:
    """The option of a setting: `tile_size` is `--tile-size`."""
    return f"--{name.replace('_', '-')}"


def _option(name: str, value: Any) -> str:
    if value is None:
        return f"{option(name)}={NONE}"
    if isinstance(value, bool):
        return option(name) if value else option(f"no_{name}")
    return f"{option(name)}={written(value)}" if isinstance(value, float) else f"{option(name)}={value}"

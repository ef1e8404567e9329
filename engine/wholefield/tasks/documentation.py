"""The settings of all tasks as Markdown tables: python -m wholefield.tasks.documentation docs/settings.md."""

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from wholefield.numbers import RULE
from wholefield.runs.settings import Declaration, words
from wholefield.tasks.registry import Task, tasks

HEAD = """# Settings

Made by `python -m wholefield.tasks.documentation docs/settings.md`; do not edit. A setting has the same name in a
settings file (`epochs`), on the command line (`--epochs`) and, with its label, in the window.

Numbers: {rule} In a settings file a number with a comma stands in quotes.
"""
COLUMNS = ("Setting", "Label", "Meaning", "Values", "Default")


def documentation(known: Mapping[str, Task] | None = None) -> str:
    """The tables of tasks.

    Args:
        known: The tasks by name; all that are installed when None.

    Returns:
        Markdown.
    """
    found = tasks() if known is None else known
    return "\n".join([HEAD.format(rule=RULE), *(_section(task) for task in found.values())])


def _section(task: Task) -> str:
    text = " ".join((task.settings.__doc__ or "").split())
    rows = [COLUMNS, tuple("---" for _ in COLUMNS)]
    rows += [_row(each) for each in task.settings.declarations().values()]
    command = " ".join(task.settings.command)
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"## {task.title}\n\n`wholefield {command}`: {text}\n\n{table}\n"


def _row(each: Declaration) -> tuple[str, ...]:
    unit = f" In {each.setting.unit}." if each.setting.unit else ""
    reasons = "".join(f" {requirement.reason}" for requirement in each.requires)
    return f"`{each.name}`", each.label, f"{each.setting.help}{unit}{reasons}", _values(each), _default(each)


def _values(each: Declaration) -> str:
    if issubclass(each.type, StrEnum):
        return ", ".join(f"`{member}`" for member in each.type)
    kinds = {int: "whole number", float: "number", bool: "yes or no", Path: "path"}
    return ", ".join([kinds.get(each.type, "text"), *map(words, each.limits)])


def _default(each: Declaration) -> str:
    if each.required:
        return "required"
    if each.default is None:
        return each.setting.none.lower() or "none"
    if isinstance(each.default, bool):
        return "yes" if each.default else "no"
    return f"`{each.default}`" if str(each.default) else each.setting.none.lower() or "empty"


def main(arguments: Sequence[str]) -> int:
    """Write the file that is named, or print."""
    if arguments:
        Path(arguments[0]).write_text(documentation(), encoding="utf-8")
    else:
        print(documentation())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

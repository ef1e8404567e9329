"""The command line: train, predict, info and the others. Torch is imported only by what needs it."""

from wholefield.cli.commands import COMMANDS, main
from wholefield.cli.options import command_line

__all__ = ["COMMANDS", "command_line", "main"]

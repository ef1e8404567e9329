"""Completion of commands, options and files in a shell: `wholefield completion bash`, by argcomplete."""

import argparse
import os
import shlex
from collections.abc import Sequence

from wholefield.cli.exit_codes import OK

ASKED = "_ARGCOMPLETE"
"""The shell sets this when it calls the program for completions."""
SHELLS = ("bash", "zsh", "fish", "powershell")
HOWTO = {
    "bash": "echo 'eval \"$(wholefield completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(wholefield completion zsh)\"' >> ~/.zshrc",
    "fish": "wholefield completion fish > ~/.config/fish/completions/wholefield.fish",
    "powershell": "wholefield completion powershell >> $PROFILE",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield completion`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "Once for all later shells:\n" + "\n".join(f"  {line}" for line in HOWTO.values())
    parser.add_argument("shell", choices=SHELLS, help="The shell.")


def completion(arguments: argparse.Namespace) -> int:
    """Print the script."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["wholefield"], shell=arguments.shell))
    return OK


def asked() -> bool:
    """Whether a shell calls for completions."""
    return ASKED in os.environ


def words_before() -> Sequence[str]:
    """The words behind `wholefield` that are on the line so far."""
    line = os.environ.get("COMP_LINE", "")
    try:
        return shlex.split(line)[1:]
    except ValueError:  # an open quote
        return line.split()[1:]


def complete(parser: argparse.ArgumentParser) -> None:
    """Print the completions for the shell, and end the process."""
    import argcomplete

    argcomplete.autocomplete(parser)

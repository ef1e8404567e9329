"""The program: opens the window, or does one job on the command line without it."""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

# OpenMP reads these when torch is loaded; threads that spin while they wait would starve the window.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")


NO_WINDOW = (
    "The window needs PySide6 and pyqtgraph, which are not installed. "
    'Install them with: pip install "wholefield[app]"\n'
    "The command line works without them: wholefield --help"
)
UNAVAILABLE = 2
HELP = ("-h", "--help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments, by default those of the process; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    has_window = find_spec("PySide6") is not None and find_spec("pyqtgraph") is not None
    completing = "_ARGCOMPLETE" in os.environ  # a shell asks what could be typed next
    if completing or (words and (not words[0].startswith("-") or (words[0] in HELP and not has_window))):
        from wholefield.cli import COMMANDS as ENGINE_COMMANDS, main as run_command
        from wholefield_app.cli import COMMANDS

        commands = COMMANDS if has_window else ENGINE_COMMANDS
        if completing or words[0] in commands or words[0] in HELP:
            return run_command(words, commands)
    if not has_window:
        print(NO_WINDOW, file=sys.stderr)
        return UNAVAILABLE
    from wholefield_app.launch import launch

    return launch(words)


if __name__ == "__main__":
    sys.exit(main())

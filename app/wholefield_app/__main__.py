"""The program: opens the window, or does one job on the command line without it."""

import os
import sys
from collections.abc import Sequence

# OpenMP reads these when torch is loaded; threads that spin while they wait would starve the window.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments, by default those of the process; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and not words[0].startswith("-"):
        from wholefield.cli import main as run_command
        from wholefield_app.cli import COMMANDS

        if words[0] in COMMANDS:
            return run_command(words, COMMANDS)
    from wholefield_app.launch import launch

    return launch(words)


if __name__ == "__main__":
    sys.exit(main())

"""The program decides between window and command line before it imports either."""

import subprocess
import sys
from pathlib import Path

import pytest

from wholefield.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]

IMPORTS = """
import sys
sys.argv = ["wholefield", {words}]
from wholefield_app.__main__ import main
try:
    main()
except SystemExit:
    pass
print("PySide6" in sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_command_runs_without_qt(command: str) -> None:
    code = IMPORTS.format(words=f"{command!r}, '--help'")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == "False"
    assert "usage" in done.stdout.casefold()


def test_openmp_threads_sleep_while_they_wait() -> None:
    code = "import wholefield_app.__main__, os; print(os.environ['OMP_WAIT_POLICY'], os.environ['GOMP_SPINCOUNT'])"
    environment = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["PASSIVE", "0"]

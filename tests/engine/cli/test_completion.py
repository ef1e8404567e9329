"""Completion: the script of every shell, and what is offered for a line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wholefield.cli import main
from wholefield.cli.completion import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "wholefield" in script
    assert "_ARGCOMPLETE" in script


def offered(line: str, folder: Path) -> list[str]:
    """What a shell is given for a line, through the file that argcomplete writes to in tests."""
    found = folder / "found"
    environment = os.environ | {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": str(found), "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><;|&(:", "COMP_LINE": line, "COMP_POINT": str(len(line)),
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "wholefield_app"], env=environment, cwd=folder, check=True, timeout=120
    )
    return found.read_text().split("\n")


def test_commands_options_values_and_files(tmp_path: Path) -> None:
    (tmp_path / "one.svs").touch()
    commands = {word.strip() for word in offered("wholefield pre", tmp_path)}
    assert commands == {"predict", "predict-stack", "predict-flow", "pretrain-flow"}
    assert "--tile-size " in offered("wholefield predict --til", tmp_path)
    assert {word.strip() for word in offered("wholefield train classify --device ", tmp_path)} == {
        "auto",
        "cpu",
        "cuda",
    }
    assert [word.strip() for word in offered("wholefield predict o", tmp_path)] == ["one.svs"]

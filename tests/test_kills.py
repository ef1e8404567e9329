"""Some of the kills of `make kills`, which takes its time and does all of them."""

import subprocess
import sys

from tests.conftest import TESTS


def test_killed_runs_come_to_the_end_of_undisturbed_ones() -> None:
    words = [
        sys.executable,
        "-m",
        "tests.kills",
        "--only",
        "stack-regression",
        "--first",
        "16",
        "--step",
        "9",
    ]
    done = subprocess.run(words, cwd=TESTS.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "killed runs came to the end of undisturbed ones" in done.stdout

"""Folders of thousands of files: what they hold is found by names and a few opened files, never by opening all."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.engine.sources.stacks.dicom.dicom_files import write_series
from wholefield.sources import Kind, kind_of
from wholefield.sources.signatures import DICOM_FOLDERS, DICOM_PROBES

COUNT = 3000
# Slices that are looked at, the preview of a text, and so on; far below the number of files.
FEW = 100
COUNTING = """
import sys
from pathlib import Path
from wholefield.sources import kind_of

folder, opened = sys.argv[1], 0

def count(event, arguments):
    global opened
    opened += event == "open" and str(arguments[0]).startswith(folder)

sys.addaudithook(count)
print(kind_of(folder), opened)
"""


def kind_and_opens(folder: Path) -> tuple[str, int]:
    """What a folder holds, and how many of its files were opened to find out; the audit of Python sees them all."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, str(folder)], capture_output=True, text=True, check=True
    )
    kind, opened = done.stdout.split()
    return kind, int(opened)


@pytest.mark.parametrize("suffix", ["", ".dcm", ".svs", ".raw", ".txt", ".html"])
def test_files_that_are_nothing_together(tmp_path: Path, suffix: str) -> None:
    for index in range(COUNT):
        (tmp_path / f"{index:05}{suffix}").write_bytes(b"words")
    kind, opened = kind_and_opens(tmp_path)
    assert kind == "None"
    assert opened <= FEW * 2


def test_slices(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "0.tif", np.zeros((8, 9), np.uint8))
    content = (tmp_path / "0.tif").read_bytes()
    for index in range(1, COUNT):
        (tmp_path / f"{index}.tif").write_bytes(content)
    kind, opened = kind_and_opens(tmp_path)
    assert kind == "stack"
    assert opened <= FEW


def test_dicom_among_thousands_of_other_files(tmp_path: Path) -> None:
    write_series(tmp_path, np.zeros((2, 16, 16), np.int16))
    for index in range(COUNT):
        (tmp_path / f"A{index:05}.bin").write_bytes(b"words")
    kind, opened = kind_and_opens(tmp_path)
    assert kind == "stack"
    assert opened <= FEW


def test_the_search_below_a_folder_is_bounded(tmp_path: Path) -> None:
    for index in range(2 * DICOM_FOLDERS):
        below = tmp_path / f"{index:03}"
        below.mkdir()
        for name in range(3):
            (below / str(name)).write_bytes(b"words")
    kind, opened = kind_and_opens(tmp_path)
    assert kind == "None"
    assert opened <= 2 * DICOM_PROBES


def test_dicom_in_folders_of_patient_study_and_series(tmp_path: Path) -> None:
    (tmp_path / "PAT0" / "ST0").mkdir(parents=True)
    write_series(tmp_path / "PAT0" / "ST0" / "SE0", np.zeros((2, 16, 16), np.int16))
    assert kind_of(tmp_path) is Kind.STACK

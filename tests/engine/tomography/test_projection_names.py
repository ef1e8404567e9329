"""A scan is told from other HDF5 files by the names of its arrays."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.tomography.projection_names import NAMES, holds_projections


@pytest.mark.parametrize("layout", [0, -1])
def test_a_scan_is_known(tmp_path: Path, layout: int) -> None:
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        for names in NAMES.values():
            file[names[layout]] = np.zeros((2, 3, 4))
    assert holds_projections(tmp_path / "scan.h5")
    with h5py.File(tmp_path / "scan.h5", "a") as file:
        del file[NAMES["darks"][layout]]
    assert not holds_projections(tmp_path / "scan.h5")


def test_other_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    assert not holds_projections(tmp_path / "a.tif")
    assert not holds_projections(tmp_path / "absent.h5")


def test_asked_without_torch() -> None:
    code = "import sys, wholefield.tomography.projection_names; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""Opening files as what they are, and the filters of open dialogs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SourceError
from wholefield.sources import (
    ImageSource,
    Kind,
    Recording,
    StackSource,
    dialog_filter,
    open_source,
    suffixes_of,
)


def test_the_content_decides_the_kind_of_source(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "picture.tif", np.zeros((9, 8), np.uint8))
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 9, 8), np.uint8), photometric="minisblack")
    (tmp_path / "events.csv").write_text("1,2,1,10\n3,4,0,20\n")
    expected = {"picture.tif": ImageSource, "stack.tif": StackSource, "events.csv": Recording}
    for name, kind in expected.items():
        with open_source(tmp_path / name) as source:
            assert isinstance(source, kind)


def test_a_damaged_file_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(b"damaged")
    with pytest.raises(SourceError, match="is named like NRRD and does not begin like it; it is damaged, or"):
        open_source(tmp_path / "a.nrrd")


def test_the_dialog_filters_name_every_suffix() -> None:
    for kind in Kind:
        assert suffixes_of(kind)
        assert all(f"*{suffix}" in dialog_filter(kind) for suffix in suffixes_of(kind))


def test_the_readers_are_imported_when_needed() -> None:
    """The window opens before them: together they take longer than it."""
    heavy = {
        "tifffile",
        "zarr",
        "openslide",
        "cv2",
        "imagecodecs",
        "torch",
        "numba",
        "h5py",
        "pydicom",
        "numpy",
    }
    code = (
        "import wholefield.sources as all, sys; all.all_formats(), all.open_source, all.open_stack, all.kind_of;"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

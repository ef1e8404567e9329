"""Opening files as what they are, and the filters of open dialogs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SourceError
from wholefield.sources import (
    RECORDING_SUFFIXES,
    SLIDE_SUFFIXES,
    STACK_SUFFIXES,
    ImageSource,
    Recording,
    StackSource,
    file_filter,
    open_source,
    recording_filter,
    stack_filter,
)


def test_the_content_decides_the_kind_of_source(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "picture.tif", np.zeros((9, 8), np.uint8))
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 9, 8), np.uint8), photometric="minisblack")
    (tmp_path / "events.csv").write_text("1,2,1,10\n3,4,0,20\n")
    expected = {"picture.tif": ImageSource, "stack.tif": StackSource, "events.csv": Recording}
    for name, kind in expected.items():
        with open_source(tmp_path / name) as source:
            assert isinstance(source, kind)


def test_a_damaged_stack_is_refused_by_the_reader_of_stacks(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(b"damaged")
    with pytest.raises(SourceError, match="not a stack that can be opened"):
        open_source(tmp_path / "a.nrrd")


def test_the_dialog_filters_name_every_suffix() -> None:
    pairs = (
        (file_filter, SLIDE_SUFFIXES),
        (stack_filter, STACK_SUFFIXES),
        (recording_filter, RECORDING_SUFFIXES),
    )
    for name, suffixes in pairs:
        assert all(f"*{suffix}" in name() for suffix in suffixes)


def test_the_readers_are_imported_when_needed() -> None:
    """The window opens before them: together they take longer than it."""
    heavy = {"tifffile", "zarr", "openslide", "cv2", "imagecodecs", "torch"}
    code = f"import wholefield.sources, sys; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

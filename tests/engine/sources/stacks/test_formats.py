"""The table of formats of volumes: each row detects its files, and opens them."""

import gzip
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest

from wholefield.sources import STACK_SUFFIXES, open_stack
from wholefield.sources.stacks.formats import VOLUMES, volume_format

VOXELS = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
META_HEADER = "NDims = 3\nDimSize = 4 3 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"


def write(path: Path) -> None:
    """Write the voxels as the ending of the name says."""
    if path.suffix == ".nrrd":
        nrrd.write(str(path), VOXELS.T)
    elif path.suffix == ".mha":
        path.write_bytes(META_HEADER.encode() + VOXELS.tobytes())
    else:
        nibabel.save(nibabel.Nifti1Image(VOXELS.T, np.eye(4)), path)


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.nrrd", "NRRD"), ("a.nii", "NIfTI"), ("a.nii.gz", "NIfTI"), ("a.mha", "MetaImage")],
)
def test_a_file_has_one_format_and_opens_by_it(tmp_path: Path, name: str, format: str) -> None:
    path = tmp_path / name
    write(path)
    head = path.read_bytes()[:1024]
    assert [row.name for row in VOLUMES if row.detect(path, head)] == [format]
    found = volume_format(path, head)
    assert found is not None
    for opened in (found.open(path), open_stack(path)):
        with opened as stack:
            assert np.array_equal(stack.read(), VOXELS)


def test_other_files_have_none(tmp_path: Path) -> None:
    for head in (b"", b"II*\0", gzip.compress(b"text"), b"\x1f\x8bdamaged"):
        assert volume_format(tmp_path / "a.bin", head) is None


def test_every_ending_is_offered() -> None:
    assert {suffix for row in VOLUMES for suffix in row.suffixes} <= set(STACK_SUFFIXES)

"""Datasets of HDF5 that cannot be read, or not whole: filters, files beside them, blocks that were never written."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import open_stack
from wholefield.sources.stacks.formats.hdf5_checks import missing_sources, unwritten


def filtered(path: Path, number: int, name: str = "data") -> Path:
    """A dataset behind a filter that no one has."""
    with h5py.File(path, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((1, 8, 8))
        plan.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (0,))
        space = h5py.h5s.create_simple((3, 8, 8))
        data = h5py.h5d.create(file.id, name.encode(), h5py.h5t.STD_U16LE, space, plan)
        for z in range(3):
            data.write_direct_chunk((z, 0, 0), os.urandom(40), 0)
    return path


@pytest.mark.parametrize(
    ("number", "said"), [(65001, "number 65001;"), (32020, "number 32020, VBZ"), (305, "LZO")]
)
def test_a_filter_that_is_not_installed_is_named(tmp_path: Path, number: int, said: str) -> None:
    path = filtered(tmp_path / "a.h5", number)
    with pytest.raises(SourceError, match="a filter of HDF5 that is not installed") as caught:
        open_stack(path)
    assert said in str(caught.value)
    assert "damaged" not in str(caught.value)


def test_a_filter_of_the_source_of_a_virtual_dataset(tmp_path: Path) -> None:
    filtered(tmp_path / "source.h5", 65001)
    layout = h5py.VirtualLayout((3, 8, 8), "u2")
    layout[:] = h5py.VirtualSource("source.h5", "data", (3, 8, 8))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_virtual_dataset("data", layout)
    with pytest.raises(SourceError, match="number 65001"):
        open_stack(tmp_path / "a.h5")


def external(path: Path, name: str) -> Path:
    """A dataset whose voxels lie in a plain file."""
    with h5py.File(path, "w") as file:
        file.create_dataset("data", (2, 3, 4), "u1", external=[(name, 0, 24)])
    return path


def test_voxels_in_a_plain_file_beside(tmp_path: Path) -> None:
    path = external(tmp_path / "a.h5", "a.raw")
    voxels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    with pytest.raises(SourceError, match=r"keeps its voxels in 'a\.raw', which is missing"):
        open_stack(path)
    (tmp_path / "a.raw").write_bytes(voxels.tobytes())
    with open_stack(path) as stack:
        assert stack.warnings == ()


def test_voxels_in_a_file_elsewhere_have_to_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(24))
    (tmp_path / "inner").mkdir()
    path = external(tmp_path / "inner" / "a.h5", str(tmp_path / "a.raw"))
    with pytest.raises(SourceError, match="outside its folder"):
        open_stack(path)
    with open_stack(path, reading="outside=yes") as stack:
        assert not stack.read().any()


def test_sources_of_a_virtual_dataset_that_are_missing(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout((3, 3, 4), "u2")
    for index, name in enumerate(("b.h5", "a.h5", ".")):
        layout[index] = h5py.VirtualSource(name, "data", (3, 4))
    with h5py.File(tmp_path / "own.h5", "w") as file:
        file["plain"] = np.zeros((2, 3, 4))
        file.create_virtual_dataset("virtual", layout)
        assert missing_sources(tmp_path / "own.h5", file["plain"]) == []
        assert missing_sources(tmp_path / "own.h5", file["virtual"]) == ["a.h5", "b.h5"]
        (tmp_path / "a.h5").touch()
        with h5py.File(tmp_path / "b.h5", "w") as other:
            other["another"] = 3
        assert missing_sources(tmp_path / "own.h5", file["virtual"]) == ["a.h5", "b.h5"]
        for name in ("a.h5", "b.h5"):
            with h5py.File(tmp_path / name, "w") as other:
                other["data"] = np.zeros((3, 4), "u2")
        assert missing_sources(tmp_path / "own.h5", file["virtual"]) == []


@pytest.mark.parametrize("chunks", [None, (1, 1000, 1000)])
def test_planes_of_gigabytes_that_no_one_wrote_are_refused(
    tmp_path: Path, chunks: tuple[int, ...] | None
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", (3, 40_000, 40_000), "u2", chunks=chunks)
    with pytest.raises(SourceError, match=r"planes of 3\.2 GB and holds 0 bytes of them"):
        open_stack(tmp_path / "a.h5")


def test_blocks_that_were_never_written_are_told(tmp_path: Path) -> None:
    """As when a measurement was stopped."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("data", (4, 8, 8), "u2", chunks=(1, 4, 8), fillvalue=7)
        assert unwritten(data) == "None of its voxels has been written; all read as 7."
        data[:2] = 1
        assert "Only 4 of 8 blocks of its voxels have been written" in unwritten(data)
        data[...] = 1
        assert not unwritten(data)
        file["whole"] = np.zeros((2, 3, 4))
        assert not unwritten(file["whole"])
        del file["whole"], file["data"]
        file.create_dataset("data", (2, 3, 4), "u2")
    with open_stack(tmp_path / "a.h5") as stack:
        assert stack.warnings == ("None of its voxels has been written; all read as 0.",)

"""What is found in HDF5 files: shapes of stacks, links, circles, and which dataset is meant."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.sources.stacks.hdf5_tree import DEEPEST, likely, missing_sources, stack_shape, walk


@pytest.mark.parametrize(
    ("shape", "dtype", "found"),
    [
        ((2, 3, 4), "u2", (2, 3, 4)),
        ((1, 3, 4), "?", (1, 3, 4)),
        ((1, 1, 2, 3, 4), "f8", (2, 3, 4)),
        ((1, 1, 1, 1), "u1", (1, 1, 1)),
        ((2, 3, 4, 3), "u1", (2, 3, 4, 3)),
        ((1, 2, 3, 4, 4), "u1", (2, 3, 4, 4)),
        ((1, 5, 6, 3), "u1", (5, 6, 3)),
        ((2, 3, 4, 5), "u1", None),
        ((2, 1, 3, 4), "u1", (2, 1, 3, 4)),
        ((3, 4), "u1", None),
        ((), "u1", None),
        ((0, 3, 4), "u1", None),
        ((2, 3, 4), "S1", None),
        ((2, 3, 4), "c8", None),
    ],
)
def test_shapes_of_stacks(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, found: tuple[int, ...] | None
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        assert stack_shape(file.create_dataset("data", shape, dtype)) == found


def test_a_dataset_without_a_shape_is_no_stack(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["empty"] = h5py.Empty("f4")
        assert stack_shape(file["empty"]) is None
        assert walk(file) == ({}, [])


def test_links_are_followed_and_circles_left(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a/b/data"] = np.zeros((2, 3, 4))
        file["a/b/up"] = h5py.SoftLink("/a")
        file["a/hard"] = file["a/b"]
        file["self"] = h5py.SoftLink("/")
        file["gone"] = h5py.SoftLink("/nowhere")
        file["outside"] = h5py.ExternalLink("absent.h5", "/data")
        datasets, dangling = walk(file)
        assert sorted(datasets) == ["a/b/data", "a/hard/data"]
        assert dangling == ["gone", "outside"]


def test_groups_deeper_than_the_limit_are_not_entered(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/" * DEEPEST + "data"] = np.zeros((2, 3, 4))
        file["h/" * (DEEPEST + 1) + "data"] = np.zeros((2, 3, 4))
        datasets, _ = walk(file)
        assert list(datasets) == ["g/" * DEEPEST + "data"]


def test_what_is_likely_meant(tmp_path: Path) -> None:
    """The default of NeXus, then the signal of a group, then a usual name, then the largest."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["small"], file["z/large"] = np.zeros((2, 3, 4)), np.zeros((5, 6, 7))
        assert likely(file, walk(file)[0]) == "z/large"
        file["volume"] = np.zeros((1, 1, 1))
        assert likely(file, walk(file)[0]) == "volume"
        file["q/counts"] = np.zeros((2, 2, 2))
        file["q"].attrs["signal"] = b"counts"
        assert likely(file, walk(file)[0]) == "q/counts"
        file["entry/scan/frames"] = np.zeros((2, 2, 2))
        file["entry/scan"].attrs["signal"] = "frames"
        file["entry"].attrs["default"] = "scan"
        file.attrs["default"] = "entry"
        assert likely(file, walk(file)[0]) == "entry/scan/frames"


@pytest.mark.parametrize("default", ["absent", "small", "loop"])
def test_a_default_that_leads_nowhere_does_not_count(tmp_path: Path, default: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["small"], file["large"] = np.zeros((2, 3, 4)), np.zeros((5, 6, 7))
        file["loop"] = h5py.SoftLink("/")
        file.attrs["default"] = default
        assert likely(file, walk(file)[0]) == "large"


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
        assert missing_sources(tmp_path / "own.h5", file["virtual"]) == ["b.h5"]

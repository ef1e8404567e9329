"""What is found in HDF5 files: shapes of stacks, links, circles, and which dataset is meant."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from wholefield.sources.stacks.formats.hdf5_tree import DEEPEST, can_be_stack, likely, told_axes, walk


@pytest.mark.parametrize(
    ("shape", "dtype", "found"),
    [
        ((2, 3, 4), "u2", True),
        ((1, 3, 4), "?", True),
        ((1, 1, 2, 3, 4), "f8", True),
        ((2, 3, 4, 5), "u1", True),
        ((3, 4), "u1", False),
        ((), "u1", False),
        ((0, 3, 4), "u1", False),
        ((2, 3, 4), "S1", False),
        ((2, 3, 4), "c8", False),
    ],
)
def test_what_can_be_a_stack(tmp_path: Path, shape: tuple[int, ...], dtype: str, found: bool) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        assert can_be_stack(file.create_dataset("data", shape, dtype)) == found


def test_a_dataset_without_a_shape_is_no_stack(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["empty"] = h5py.Empty("f4")
        assert not can_be_stack(file["empty"])
        assert walk(file) == ({}, [])


def tags(keys: str) -> str:
    return json.dumps({"axes": [{"key": key, "typeFlags": 2, "resolution": 0} for key in keys]})


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"axistags": tags("tzyxc")}, "tzyxc"),
        ({"axistags": tags("xyzct")}, "xyzct"),
        ({"axistags": tags("zyx")}, None),
        ({"axistags": tags("zyxcq")}, None),
        ({"axistags": tags("zyxcc")}, None),
        ({"axistags": "{"}, None),
        ({"axistags": "[" * 60000}, None),
        ({"axistags": '{"axes": 5}'}, None),
        ({"axistags": np.bytes_(tags("zcyxt"))}, "zcyxt"),
        ({}, None),
    ],
)
def test_axes_that_ilastik_tells(tmp_path: Path, attributes: dict[str, Any], told: str | None) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = np.zeros((2, 3, 4, 5, 6), np.uint8)
        file["data"].attrs.update(attributes)
        assert told_axes(file["data"], file) == told


def test_axes_that_labels_and_groups_tell(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["labels"] = np.zeros((2, 3, 4))
        for dimension, label in zip(file["labels"].dims, ("X", "y", "Z"), strict=True):
            dimension.label = label
        assert told_axes(file["labels"], file) == "xyz"
        file["scan/data"] = np.zeros((2, 3, 4, 5))
        file["scan"].attrs["axes"] = ["Time", "channel", "row", "column"]
        assert told_axes(file["scan/data"], file["scan"]) == "tcyx"
        file["scan"].attrs["axes"] = ["angle", "z", "y", "x"]
        assert told_axes(file["scan/data"], file["scan"]) is None


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

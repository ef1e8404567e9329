import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import list_datasets, open_stack
from wholefield.sources.stacks.stack import AnyArray


def volume(*shape: int, dtype: str = "u2") -> AnyArray:
    return np.random.default_rng(4).integers(0, 250, shape).astype(dtype)


def nexus(path: Path, dangling: bool = True) -> AnyArray:
    """A NeXus file whose data lie in another file, behind links, as at a synchrotron."""
    voxels = volume(4, 5, 6)
    with h5py.File(path.with_name("raw.h5"), "w") as raw:
        raw["detector/frames"] = voxels
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        entry = file.create_group("entry")
        entry.attrs["NX_class"], entry.attrs["default"] = "NXentry", "scan"
        scan = entry.create_group("scan")
        scan.attrs["NX_class"], scan.attrs["signal"] = "NXdata", "frames"
        scan.attrs["axes"] = ["z", "y", "x"]
        scan["frames"] = h5py.ExternalLink("raw.h5", "/detector/frames")
        for axis, (length, step) in {"z": (4, 3.0), "y": (5, 0.5), "x": (6, 0.25)}.items():
            scan[axis] = 7 - np.arange(length) * step
            scan[axis].attrs["units"] = "um"
        entry["larger"] = volume(9, 9, 9)
        entry["again"] = h5py.SoftLink("/entry")
        if dangling:
            entry["lost"] = h5py.ExternalLink("absent.h5", "/data")
            entry["nowhere"] = h5py.SoftLink("/entry/absent")
    return voxels


def test_nexus_with_dangling_links(tmp_path: Path) -> None:
    voxels = nexus(tmp_path / "a.nxs")
    with open_stack(tmp_path / "a.nxs") as stack:
        assert (stack.format_name, stack.dataset) == ("NeXus", "entry/scan/frames")
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.spacing == pytest.approx((3, 0.5, 0.25))
        assert stack.geometry.unit == "um"
        (warning,) = stack.warnings
        assert "not shown: entry/lost, entry/nowhere." in warning


def test_without_dangling_links_nothing_is_said(tmp_path: Path) -> None:
    nexus(tmp_path / "a.nxs", dangling=False)
    with open_stack(tmp_path / "a.nxs") as stack:
        assert stack.warnings == ()


def test_only_dangling_links(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = h5py.ExternalLink("absent.h5", "/data")
    with pytest.raises(SourceError, match="holds no volume; its links data point to missing files"):
        open_stack(tmp_path / "a.h5")
    assert list_datasets(tmp_path / "a.h5") == ()


def test_choosing_a_dataset(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    small, large, color = volume(2, 3, 4), volume(5, 6, 7, dtype=">f4"), volume(2, 8, 9, 3, dtype="u1")
    with h5py.File(path, "w") as file:
        file["b/small"], file["a/large"], file["color"], file["time"] = (
            small,
            large,
            color,
            volume(1, 1, 2, 3, 4),
        )
        file["flat"], file["many"], file["words"] = volume(3, 4), volume(2, 3, 4, 5), np.full((2, 2, 2), b"x")
    infos = list_datasets(path)
    assert [(info.name, info.shape) for info in infos] == [
        ("color", (2, 8, 9, 3)),
        ("a/large", (5, 6, 7)),
        ("b/small", (2, 3, 4)),
        ("time", (2, 3, 4)),
    ]
    with open_stack(path) as stack:
        assert (stack.dataset, stack.channels) == ("color", 3)
        np.testing.assert_array_equal(stack.read(slice(1, 2), slice(3, 7)), color[1:2, 3:7])
    with open_stack(path, "/a/large") as stack:
        assert stack.dtype == np.dtype("f4")
        np.testing.assert_array_equal(stack.plane(2, 3), large[:, :, 3])
    with open_stack(path, "time") as stack:
        np.testing.assert_array_equal(stack.read(), volume(1, 1, 2, 3, 4)[0, 0])
    with pytest.raises(
        SourceError, match="has no volume named c; choose one of a/large, b/small, color, time"
    ):
        open_stack(path, "c")


@pytest.mark.parametrize("name", ["exchange/data", "data", "entry/data/data"])
def test_usual_names_come_before_size(tmp_path: Path, name: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[name], file["other/large"] = volume(2, 3, 4), volume(5, 6, 7)
    with open_stack(tmp_path / "a.h5") as stack:
        assert stack.dataset == name


def test_element_size_of_ilastik(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["volume"] = volume(2, 3, 4)
        file["volume"].attrs["element_size_um"] = [2.0, 0.5, 0.25]
    with open_stack(tmp_path / "a.h5") as stack:
        assert (stack.geometry.spacing, stack.geometry.unit) == ((2.0, 0.5, 0.25), "um")


def test_uneven_axes_give_no_spacing(tmp_path: Path) -> None:
    nexus(tmp_path / "a.nxs")
    with h5py.File(tmp_path / "a.nxs", "r+") as file:
        file["entry/scan/z"][1] = 100.0
    with open_stack(tmp_path / "a.nxs") as stack:
        assert stack.geometry.spacing is None


def test_a_virtual_dataset_without_its_source_warns(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "source.h5", "w") as file:
        file["data"] = volume(2, 3, 4)
    layout = h5py.VirtualLayout((2, 3, 4), "u2")
    layout[:] = h5py.VirtualSource("source.h5", "data", (2, 3, 4))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_virtual_dataset("data", layout)
    with open_stack(tmp_path / "a.h5") as stack:
        np.testing.assert_array_equal(stack.read(), volume(2, 3, 4))
        assert stack.warnings == ()
    os.unlink(tmp_path / "source.h5")
    with open_stack(tmp_path / "a.h5") as stack:
        assert stack.warnings == ("Voxels from missing files read as zero: source.h5.",)
        assert not stack.read().any()


def test_compressed_by_a_detector(tmp_path: Path) -> None:
    import hdf5plugin

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=volume(4, 30, 40), chunks=(1, 30, 40), **hdf5plugin.Bitshuffle())
    with open_stack(tmp_path / "a.h5") as stack:
        np.testing.assert_array_equal(stack.read(), volume(4, 30, 40))


def test_a_damaged_chunk_is_told_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", data=volume(4, 30, 40), chunks=(1, 30, 40), compression="gzip")
        place = data.id.get_chunk_info(2)
    content = bytearray(path.read_bytes())
    content[place.byte_offset : place.byte_offset + 8] = b"\xff" * 8
    path.write_bytes(content)
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.plane(0, 1), volume(4, 30, 40)[1])
        with pytest.raises(SourceError, match=r"a.h5 is damaged .*copy it again"):
            stack.plane(0, 2)


@pytest.mark.data
def test_real_projections(data_folder: Path) -> None:
    path = data_folder / "stacks" / "tooth.h5"
    assert [info.shape for info in list_datasets(path)] == [(181, 2, 640), (10, 2, 640), (10, 2, 640)]
    with open_stack(path) as stack:
        assert (stack.dataset, stack.shape, stack.dtype) == ("exchange/data", (181, 2, 640), np.dtype("f4"))

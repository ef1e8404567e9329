import itertools
import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import Reading, UnclearFileError, list_datasets, open_stack, questions_of
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
        ("many", (2, 3, 4, 5)),
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
        SourceError, match="has no volume named c; choose one of a/large, b/small, color, many, time"
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


LENGTHS = {"t": 2, "z": 3, "y": 4, "x": 5, "c": 2}


@pytest.mark.parametrize(
    "letters", ["tzyxc", "zyxc", "czyx", "tzyx", "xyzct", "zcyx", "tczyx", "cyx", "tyx", "xyz"]
)
@pytest.mark.parametrize("by_file", [True, False])
def test_axes_in_any_order(tmp_path: Path, letters: str, by_file: bool) -> None:
    """By the tags of the file, or by the reading."""
    voxels = volume(*(LENGTHS[letter] for letter in letters))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["exported_data"] = voxels
        if by_file:
            tags = json.dumps({"axes": [{"key": letter} for letter in letters]})
            file["exported_data"].attrs["axistags"] = tags
    with open_stack(tmp_path / "a.h5", reading=None if by_file else Reading({"axes": letters})) as stack:
        assert stack.shape == tuple(LENGTHS[letter] if letter in letters else 1 for letter in "zyx")
        assert (stack.times, stack.channels) == (
            LENGTHS["t"] if "t" in letters else 1,
            LENGTHS["c"] if "c" in letters else 1,
        )
        for time, (z, y, x) in itertools.product(range(stack.times), [(0, 1, 2), (-1, 3, 4)]):
            at = {"t": time, "z": z if "z" in letters else 0, "y": y, "x": x}
            with stack.at_time(time) as other:
                z = at["z"] % stack.shape[0]
                box = other.read(slice(z, z + 1), slice(y, y + 1), slice(x, x + 1))
            for channel in range(stack.channels):
                place = tuple((at | {"c": channel})[letter] for letter in letters)
                assert box.reshape(-1)[channel] == voxels[place]


@pytest.mark.parametrize(
    "shape", [(2, 9, 40, 50), (40, 50, 60, 2), (2, 3, 9, 40, 50), (40, 50, 3), (1, 40, 50, 4)]
)
def test_axes_that_two_readings_fit_are_asked_for(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", shape, "u1")
    with pytest.raises(
        UnclearFileError, match=r"does not say which of them is time.* for example axes="
    ) as caught:
        open_stack(tmp_path / "a.h5")
    (question,) = caught.value.questions
    assert question.name == "axes"
    for answer in question.answers:
        with open_stack(tmp_path / "a.h5", reading=Reading({"axes": answer.value})) as stack:
            # Every answer that is offered takes all of the file.
            assert int(np.prod(stack.shape)) * stack.channels * stack.times == int(np.prod(shape))
    # The likeliest gives rows and columns most room.
    with open_stack(tmp_path / "a.h5", reading=Reading({"axes": question.start})) as stack:
        assert min(stack.shape[1:]) >= 40


def test_the_questions_of_a_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"], file["more/data"] = volume(2, 3, 4), volume(2, 3, 4, 5)

    def asked(reading: str) -> list[str]:
        return [question.name for question in questions_of(tmp_path / "a.h5", reading)]

    assert asked("") == ["dataset", "spacing"]
    assert asked("dataset=more/data") == ["dataset", "axes"]
    assert asked("dataset=more/data; axes=tzyx") == ["dataset", "axes", "time", "spacing"]


def test_the_spacing_can_be_given(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = volume(2, 3, 4)
        file["sized"] = volume(2, 3, 4)
        file["sized"].attrs["element_size_um"] = [2.0, 0.5, 0.25]
    with open_stack(tmp_path / "a.h5", reading="spacing=3,1,1 mm") as stack:
        assert (stack.geometry.spacing, stack.geometry.unit) == ((3.0, 1.0, 1.0), "mm")
        assert stack.warnings == ()
    with open_stack(tmp_path / "a.h5", "sized", reading="spacing=4 um") as stack:
        assert stack.geometry.spacing == (4.0, 4.0, 4.0)
        assert "the file says 2 x 0.5 x 0.25 um" in stack.warnings[0]


@pytest.mark.data
def test_real_projections(data_folder: Path) -> None:
    path = data_folder / "stacks" / "tooth.h5"
    assert [info.shape for info in list_datasets(path)] == [(181, 2, 640), (10, 2, 640), (10, 2, 640)]
    with open_stack(path) as stack:
        assert (stack.dataset, stack.shape, stack.dtype) == ("exchange/data", (181, 2, 640), np.dtype("f4"))


def test_minc_is_refused_by_name(tmp_path: Path) -> None:
    """Its numbers are scaled by other datasets, slice by slice."""
    with h5py.File(tmp_path / "a.mnc", "w") as file:
        file["minc-2.0/image/0/image"] = volume(2, 3, 4)
    with pytest.raises(SourceError, match="is MINC 2"):
        open_stack(tmp_path / "a.mnc")

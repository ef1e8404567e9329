"""NRRD: encodings, spaces, spacings, colors, and what is not read."""

from pathlib import Path

import nrrd
import numpy as np
import pytest
import SimpleITK

from tests.engine.sources.stacks.volumes import TURN, refusal, volume
from wholefield.errors import SourceError
from wholefield.sources import Kind, Reading, UnclearFileError, kind_of, open_stack
from wholefield.sources.stacks.formats.nrrd import open_nrrd


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "f4", "f8", "i8"])
def test_encodings_of_nrrd(tmp_path: Path, encoding: str, detached: bool, dtype: str) -> None:
    path = tmp_path / ("a.nhdr" if detached else "a.nrrd")
    nrrd.write(
        str(path), volume(dtype=dtype), {"encoding": encoding}, detached_header=detached, index_order="C"
    )
    assert kind_of(path) is Kind.STACK
    with open_stack(path) as stack:
        assert stack.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(stack.read(), volume(dtype=dtype))
        assert stack.geometry.spacing is None


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (-1, -1, 1)),
        ("right-anterior-superior", (1, 1, 1)),
        ("LPS", (-1, -1, 1)),
        ("left-anterior-superior", (-1, 1, 1)),
    ],
)
def test_spaces_of_nrrd(tmp_path: Path, space: str, signs: tuple[int, int, int]) -> None:
    axes = TURN * np.array([[0.5], [0.75], [2.0]])
    header = {"space": space, "space directions": axes, "space origin": np.array([1.0, 2, 3])}
    nrrd.write(str(tmp_path / "a.nrrd"), volume(), header, index_order="C")
    with open_stack(tmp_path / "a.nrrd") as stack:
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))
        place = (np.array([1, 2, 3]) + 3 * axes[0] + 2 * axes[1] + axes[2]) * signs
        assert stack.geometry.affine is not None
        np.testing.assert_allclose(stack.geometry.affine @ [3, 2, 1, 1], [*place, 1])


def test_nrrd_with_spacings_alone(tmp_path: Path) -> None:
    nrrd.write(str(tmp_path / "a.nrrd"), volume(), {"spacings": [0.5, 0.75, 2.0]}, index_order="C")
    nrrd.write(
        str(tmp_path / "b.nrrd"),
        volume(),
        {"spacings": [500, 750.0, 2000], "units": ["nm"] * 3},
        index_order="C",
    )
    with open_stack(tmp_path / "a.nrrd") as stack:
        assert (stack.geometry.spacing, stack.geometry.unit) == ((2, 0.75, 0.5), "")
        assert stack.geometry.affine is None
    with open_stack(tmp_path / "b.nrrd") as stack:
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))
        assert stack.geometry.unit == "um"


def test_nrrd_in_color(tmp_path: Path) -> None:
    color = volume(4, 5, 6, 3, dtype="u1")
    kinds = ["RGB-color", "domain", "domain", "domain"]
    nrrd.write(str(tmp_path / "a.nrrd"), color, {"kinds": kinds}, index_order="C")
    with open_stack(tmp_path / "a.nrrd") as stack:
        assert (stack.shape, stack.channels) == ((4, 5, 6), 3)
        np.testing.assert_array_equal(stack.read(), color)


def test_nrrds_that_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.nrrd"
    nrrd.write(str(path), volume(), {"encoding": "ascii"}, index_order="C")
    assert "packs its voxels as ascii; save it as raw or gzip" in refusal(path)
    nrrd.write(str(path), volume(2, 2, 2, 2, 2), index_order="C")
    assert "has 5 axes of 2 x 2 x 2 x 2 x 2 and does not say which of them is time" in refusal(path)
    detached = tmp_path / "b.nhdr"
    nrrd.write(str(detached), volume(), {"encoding": "raw"}, detached_header=True, index_order="C")
    (tmp_path / "b.raw").unlink()
    assert "b.raw', which is missing; put it next to its header" in refusal(detached)


def plain(path: Path, *lines: str, data: bytes | None = None) -> Path:
    """An NRRD of 4 x 5 x 6 int16 written by hand; the lines override the usual ones of the same field."""
    usual = {"type": "short", "dimension": "3", "sizes": "6 5 4", "endian": "little", "encoding": "raw"}
    fields = usual | dict(line.split(": ", 1) for line in lines)
    head = "NRRD0004\n" + "".join(f"{name}: {value}\n" for name, value in fields.items()) + "\n"
    path.write_bytes(head.encode() + (volume(dtype="<i2").tobytes() if data is None else data))
    return path


def test_the_byte_order_of_nrrd_counts(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.nrrd", "endian: big", data=volume(dtype=">i2").tobytes())
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
        assert stack.dtype.isnative


@pytest.mark.parametrize(
    ("skip", "before"), [("byte skip: 9", b"x" * 9), ("byte skip: -1", b"x" * 5), ("byte skip: 0", b"")]
)
def test_bytes_before_the_voxels_of_a_detached_nrrd(tmp_path: Path, skip: str, before: bytes) -> None:
    path = plain(tmp_path / "a.nhdr", skip, "data file: a.raw", data=b"")
    (tmp_path / "a.raw").write_bytes(before + volume(dtype="<i2").tobytes())
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("line skip: 20000", "it skips 20000 lines, and has fewer"),
        ("data file: z%02d.raw 1 5 1", "is not a pattern of one to 4 files"),
        ("data file: z%02d.raw 1 999999999 1", "is not a pattern of one to 4 files"),
        ("data file: z%999999999d.raw 1 4 1", "is not a pattern of one to 4 files"),
        ("data file: ../z.raw", "names '../z.raw', a file outside its folder"),
        ("data file: /etc/passwd", "names '/etc/passwd', a file outside its folder"),
        ("type: block", "its voxels are of type block"),
        ("sizes: 6 5 5", "is cut off: 60 bytes are missing at its end"),
    ],
)
def test_headers_of_nrrd_that_cannot_be(tmp_path: Path, line: str, sentence: str) -> None:
    assert sentence in refusal(plain(tmp_path / "a.nrrd", line))


def test_a_nrrd_of_two_axes_is_one_slice(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.nrrd", "dimension: 2", "sizes: 20 6")
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume().reshape(1, 6, 20))


def test_directions_in_no_known_space_give_a_spacing_alone(tmp_path: Path) -> None:
    axes = TURN * np.array([[0.5], [0.75], [2.0]])
    header = {"space": "scanner-xyz", "space directions": axes, "space units": ["mm"] * 3}
    nrrd.write(str(tmp_path / "a.nrrd"), volume(), header, index_order="C")
    with open_stack(tmp_path / "a.nrrd") as stack:
        assert stack.geometry.affine is None
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))
        assert stack.geometry.unit == "mm"


@pytest.mark.parametrize(
    ("kinds", "letters"),
    [
        (["time", "domain", "domain", "domain"], "zyxt"),
        (["domain", "domain", "domain", "time"], "tzyx"),
        (["space", "space", "space", "list"], "czyx"),
        (["vector", "domain", "domain", "domain"], "zyxc"),
        (["vector", "domain", "domain", "domain", "time"], "tzyxc"),
        (["domain", "domain", "time"], "tyx"),
    ],
)
def test_times_and_channels_anywhere(tmp_path: Path, kinds: list[str], letters: str) -> None:
    lengths = {"t": 3, "z": 4, "y": 5, "x": 6, "c": 2}
    voxels = volume(*(lengths[letter] for letter in letters))
    path = tmp_path / "a.nrrd"
    nrrd.write(str(path), voxels, {"kinds": kinds}, index_order="C")
    full = np.moveaxis(
        voxels, [letters.index(letter) for letter in "tzyxc" if letter in letters], range(voxels.ndim)
    )
    with open_stack(path) as stack:
        times = lengths["t"] if "t" in letters else 1
        assert (stack.times, stack.channels) == (times, 2 if "c" in letters else 1)
        for time in range(times):
            with stack.at_time(time) as other:
                expected = full[time] if times > 1 else full
                np.testing.assert_array_equal(np.squeeze(other.read()), expected)


def test_four_axes_of_no_kind_are_asked_for(tmp_path: Path) -> None:
    voxels = volume(3, 4, 5, 6)
    path = tmp_path / "a.nrrd"
    nrrd.write(str(path), voxels, index_order="C")
    with pytest.raises(UnclearFileError) as caught:
        open_nrrd(path)
    assert [question.name for question in caught.value.questions] == ["axes"]
    with open_nrrd(path, Reading({"axes": "tzyx", "time": "2"})) as stack:
        np.testing.assert_array_equal(stack.read(), voxels[2])
    with open_nrrd(path, Reading({"axes": "czyx"})) as stack:
        np.testing.assert_array_equal(stack.read(), np.moveaxis(voxels, 0, 3))
    for wrong in ("tzy", "tzyy", "tzyq", "tczyx"):
        with pytest.raises(SourceError, match="does not name"):
            open_nrrd(path, Reading({"axes": wrong}))


def test_a_byte_order_that_is_not_told_is_asked_for(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.nrrd", "endian: ", data=volume(dtype=">i2").tobytes())
    with pytest.raises(UnclearFileError, match="byteorder=little or byteorder=big"):
        open_nrrd(path)
    with open_nrrd(path, Reading({"byteorder": "big"})) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize(
    "named", ["z%02d.raw 3 6 1", "z%02d.raw 6 3 -1", "LIST\nz06.raw\nz05.raw\nz04.raw\nz03.raw"]
)
def test_voxels_in_many_files(tmp_path: Path, named: str) -> None:
    path = tmp_path / "a.nhdr"
    head = f"NRRD0004\ntype: short\ndimension: 3\nsizes: 6 5 4\nendian: little\nencoding: raw\ndata file: {named}\n"
    path.write_text(head)
    pieces = np.split(volume(dtype="<i2"), 4)
    for index, piece in enumerate(pieces if named.endswith("6 1") else pieces[::-1]):
        (tmp_path / f"z{index + 3:02}.raw").write_bytes(piece.tobytes())
    with open_nrrd(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
        np.testing.assert_array_equal(stack.read(slice(1, 3), slice(2, 4)), volume()[1:3, 2:4])


def test_voxels_outside_the_folder_have_to_be_allowed(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    path = plain(folder / "a.nhdr", "data file: ../a.raw", data=b"")
    (tmp_path / "a.raw").write_bytes(volume(dtype="<i2").tobytes())
    with pytest.raises(SourceError, match="outside=yes"):
        open_nrrd(path)
    with open_nrrd(path, Reading({"outside": "yes"})) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


def test_lines_before_the_voxels(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.nhdr", "line skip: 2", "byte skip: 3", "data file: a.raw", data=b"")
    (tmp_path / "a.raw").write_bytes(b"one\ntwo\nxyz" + volume(dtype="<i2").tobytes())
    with open_nrrd(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize(
    ("unit", "millimeters"), [("microns", 1e-3), ("um", 1e-3), ("mm", 1.0), ("cm", 10.0)]
)
def test_units_of_a_space_count(tmp_path: Path, unit: str, millimeters: float) -> None:
    axes = np.diag([0.5, 0.75, 2.0])
    header = {"space": "RAS", "space directions": axes, "space units": [unit] * 3, "space origin": np.ones(3)}
    nrrd.write(str(tmp_path / "a.nrrd"), volume(), header, index_order="C")
    with open_nrrd(tmp_path / "a.nrrd") as stack:
        assert stack.geometry.spacing == pytest.approx(tuple(millimeters * size for size in (2, 0.75, 0.5)))
        assert stack.geometry.unit == "mm"
        assert stack.geometry.affine is not None
        np.testing.assert_allclose(stack.geometry.affine[:3, 3], millimeters)


@pytest.mark.parametrize("letters", ["zyx", "tzyx", "zyxc"])
def test_another_reader_agrees(tmp_path: Path, letters: str) -> None:
    """SimpleITK writes time and channels as it likes."""
    lengths = {"t": 3, "z": 4, "y": 5, "x": 6, "c": 2}
    voxels = volume(*(lengths[letter] for letter in letters), dtype="f4")
    image = SimpleITK.GetImageFromArray(voxels, isVector="c" in letters)
    path = tmp_path / "a.nrrd"
    SimpleITK.WriteImage(image, str(path))
    reading = Reading({"axes": letters}) if "t" in letters else Reading()
    with open_nrrd(path, reading) as stack:
        for time in range(stack.times):
            with stack.at_time(time) as other:
                np.testing.assert_array_equal(other.read(), voxels[time] if "t" in letters else voxels)

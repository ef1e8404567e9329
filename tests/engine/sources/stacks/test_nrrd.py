"""NRRD: encodings, spaces, spacings, colors, and what is not read."""

from pathlib import Path

import nrrd
import numpy as np
import pytest

from tests.engine.sources.stacks.volumes import TURN, refusal, volume
from wholefield.sources import Kind, kind_of, open_stack


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
    assert "has 5 axes" in refusal(path)
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
        ("line skip: 2", "skips lines before its voxels"),
        ("data file: z%02d.raw 1 4 1", "has its voxels in many files; save it in one"),
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

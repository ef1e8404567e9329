"""MetaImage: types, geometry, voxels beside the header, and headers that cannot be."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from tests.engine.sources.stacks.volumes import TURN, refusal, volume
from wholefield.errors import SourceError
from wholefield.sources import Kind, Reading, kind_of, open_stack
from wholefield.sources.stacks.formats.meta_image import open_meta_image, read_header


def meta(path: Path, data: bytes = b"", **fields: object) -> Path:
    """A MetaImage of 4 x 5 x 6 int16; fields override or, if None, leave out."""
    usual: dict[str, object] = {
        "ObjectType": "Image",
        "NDims": 3,
        "DimSize": "6 5 4",
        "ElementType": "MET_SHORT",
    }
    lines = [f"{key} = {value}\n" for key, value in (usual | fields).items() if value is not None]
    if "ElementDataFile" not in fields:
        lines.append("ElementDataFile = LOCAL\n")
    path.write_bytes("".join(lines).encode() + data)
    return path


@pytest.mark.parametrize(
    ("kind", "dtype"), [("MET_UCHAR", "u1"), ("MET_USHORT", "u2"), ("MET_FLOAT", "f4"), ("MET_DOUBLE", "f8")]
)
@pytest.mark.parametrize("big", [True, False])
def test_types_of_meta_image(tmp_path: Path, kind: str, dtype: str, big: bool) -> None:
    data = volume(dtype=dtype).astype(np.dtype(dtype).newbyteorder(">" if big else "<")).tobytes()
    path = meta(tmp_path / "a.mha", data, ElementType=kind, BinaryDataByteOrderMSB=big)
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume(dtype=dtype))


def test_geometry_of_meta_image(tmp_path: Path) -> None:
    """Each row of TransformMatrix is the direction of one axis of the voxels, towards left, posterior, superior."""
    matrix = " ".join(map(str, TURN.ravel()))
    path = meta(
        tmp_path / "a.mha",
        volume().tobytes(),
        ElementSpacing="0.5 0.75 2",
        TransformMatrix=matrix,
        Offset="1 2 3",
    )
    with open_stack(path) as stack:
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))
        assert stack.geometry.unit == "mm"
        lps = np.array([1, 2, 3]) + 3 * 0.5 * TURN[0] + 2 * 0.75 * TURN[1] + 1 * 2 * TURN[2]
        assert stack.geometry.affine is not None
        np.testing.assert_allclose(stack.geometry.affine @ [3, 2, 1, 1], [-lps[0], -lps[1], lps[2], 1])


@pytest.mark.parametrize(
    ("named", "skip", "files"),
    [
        ("a.raw", None, {"a.raw": b""}),
        ("a.raw", 12, {"a.raw": b"x" * 12}),
        ("a.raw", -1, {"a.raw": b"x" * 5}),
        ("z%02d.raw 3 6 1", None, {f"z{index:02}.raw": b"" for index in range(3, 7)}),
        ("LIST\nq.raw\np.raw\n", None, {"q.raw": b"", "p.raw": b""}),
    ],
)
def test_voxels_beside_the_header(
    tmp_path: Path, named: str, skip: int | None, files: dict[str, bytes]
) -> None:
    path = meta(tmp_path / "a.mhd", HeaderSize=skip, ElementDataFile=named)
    for (name, before), piece in zip(files.items(), np.split(volume(), len(files)), strict=True):
        (tmp_path / name).write_bytes(before + piece.tobytes())
    assert kind_of(path) is Kind.STACK
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
    (tmp_path / next(iter(files))).unlink()
    assert "is missing; put it next to its header" in refusal(path) or "does not exist" in refusal(path)


def test_meta_image_in_color_and_in_two_dimensions(tmp_path: Path) -> None:
    color = volume(4, 5, 6, 3, dtype="u1")
    path = meta(tmp_path / "a.mha", color.tobytes(), ElementNumberOfChannels=3, ElementType="MET_UCHAR")
    with open_stack(path) as stack:
        assert stack.channels == 3
        np.testing.assert_array_equal(stack.read(slice(2, 3)), color[2:3])
    path = meta(tmp_path / "b.mha", volume(1, 5, 6).tobytes(), NDims=2, DimSize="6 5")
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume(1, 5, 6))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"NDims": 5}, "has 5 dimensions; save it with three, or four with time"),
        ({"NDims": 4}, "says DimSize = 6 5 4, not 4 numbers"),
        ({"ElementNumberOfChannels": 1.5}, "has 1.5 channels"),
        ({"ElementDataFile": "z%03d.raw 1 10000000000 1"}, "is not a pattern of one to 4 files"),
        ({"ElementDataFile": "z%03d.raw 1 999999999 1"}, "is not a pattern of one to 4 files"),
        ({"ElementDataFile": "z%999999999d.raw 1 4 1"}, "is not a pattern of one to 4 files"),
        ({"ElementDataFile": "LIST"}, "files for 4 planes"),
        ({"ElementDataFile": "../a.raw"}, "names '../a.raw', a file outside its folder"),
        ({"ElementDataFile": "/etc/passwd"}, "names '/etc/passwd', a file outside its folder"),
        ({"ElementDataFile": "b/../../a.raw"}, "a file outside its folder"),
        ({"ElementDataFile": "a\0b"}, "which is no name of a file"),
        ({"CompressedData": "True", "DimSize": "6 5 400000"}, "more than 240 compressed bytes can hold"),
        ({"DimSize": "6 5"}, "says DimSize = 6 5, not 3 numbers"),
        ({"DimSize": "6 5 0"}, "does not say how large it is"),
        ({"DimSize": None}, "does not say how large it is"),
        ({"DimSize": "6 5 5"}, "is cut off: 60 bytes are missing at its end"),
        ({"ElementType": "MET_STRING"}, "has voxels of type MET_STRING"),
        ({"ElementType": None}, "has voxels of type unknown"),
        ({"BinaryData": "False"}, "stores its voxels as text"),
        ({"ElementSpacing": "1 x 1"}, "says ElementSpacing = 1 x 1, not 3 numbers"),
        ({"CompressedData": "True"}, "is damaged"),
        ({"ElementDataFile": "z%q.raw 1 2"}, "which is not a pattern"),
    ],
)
def test_meta_images_that_cannot_be(tmp_path: Path, fields: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(meta(tmp_path / "a.mha", volume().tobytes(), **fields))


def test_a_header_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "a.mha").write_text("NDims = 3\nDimSize = 1 2 3\n")
    assert "has no line ElementDataFile" in refusal(tmp_path / "a.mha")


def test_numbers_of_a_header(tmp_path: Path) -> None:
    header = read_header(meta(tmp_path / "a.mha", Offset="1 2 3", Position="7 8 9", Scale="1 nan 1"))
    assert header.numbers("Offset", "Position", count=3) == (1.0, 2.0, 3.0)
    assert header.numbers("Origin", "Position", count=3) == (7.0, 8.0, 9.0)
    assert header.numbers("Origin", count=3) is None
    with pytest.raises(SourceError, match="says Scale = 1 nan 1, not 3 numbers"):
        header.numbers("Scale", count=3)
    assert (tmp_path / "a.mha").stat().st_size == header.length


def test_compressed_meta_image(tmp_path: Path) -> None:
    path = meta(tmp_path / "a.mha", zlib.compress(volume(dtype="<i2").tobytes()), CompressedData="True")
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


def test_without_a_spacing_there_is_no_geometry(tmp_path: Path) -> None:
    with open_stack(meta(tmp_path / "a.mha", volume().tobytes(), Offset="1 2 3")) as stack:
        assert stack.geometry.spacing is None
        assert stack.geometry.affine is None


@pytest.mark.parametrize("name", ["77% dose scan.raw", "a%d.raw", "slice %03d 1 4.raw", "z%02d.raw 1 4 1"])
def test_a_name_with_a_percent_sign_is_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(volume().tobytes())
    with open_stack(meta(tmp_path / "a.mhd", ElementDataFile=name)) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize("compressed", [True, False])
def test_four_dimensions_are_times(tmp_path: Path, compressed: bool) -> None:
    """As SimpleITK writes and reads them."""
    voxels = volume(3, 4, 5, 6)
    image = SimpleITK.GetImageFromArray(voxels, isVector=False)
    image.SetSpacing((0.5, 0.75, 2, 10))
    SimpleITK.WriteImage(image, str(tmp_path / "a.mha"), useCompression=compressed)
    with open_stack(tmp_path / "a.mha") as stack:
        assert (stack.times, stack.shape) == (3, (4, 5, 6))
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))
        for time in range(3):
            with stack.at_time(time) as other:
                np.testing.assert_array_equal(other.read(), voxels[time])
    with open_meta_image(tmp_path / "a.mha", Reading({"time": "2"})) as stack:
        np.testing.assert_array_equal(stack.read(), voxels[2])


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_another_reader_agrees(tmp_path: Path, channels: int) -> None:
    voxels = volume(4, 5, 6, channels, dtype="u2")
    image = SimpleITK.GetImageFromArray(voxels, isVector=True)
    image.SetDirection(TURN.T.ravel())
    image.SetOrigin((1, 2, 3))
    SimpleITK.WriteImage(image, str(tmp_path / "a.mhd"))
    with open_stack(tmp_path / "a.mhd") as stack:
        np.testing.assert_array_equal(stack.read().reshape(voxels.shape), voxels)
        assert stack.geometry.affine is not None
        point = np.array(image.TransformIndexToPhysicalPoint((3, 2, 1))) * (-1, -1, 1)
        np.testing.assert_allclose((stack.geometry.affine @ [3, 2, 1, 1])[:3], point)


def test_the_unit_of_a_header_counts(tmp_path: Path) -> None:
    path = meta(tmp_path / "a.mha", volume().tobytes(), ElementSpacing="1 2 3", DistanceUnits="um")
    with open_stack(path) as stack:
        assert stack.geometry.spacing == pytest.approx((0.003, 0.002, 0.001))
        assert stack.geometry.unit == "mm"

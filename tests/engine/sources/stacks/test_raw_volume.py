"""MetaImage, NRRD and NIfTI: headers of all kinds over plain or compressed numbers."""

import bz2
import errno
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import nrrd
import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import Kind, kind_of, open_stack
from wholefield.sources.stacks.raw_volume import Packing, Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import AnyArray, StackDescription

TURN = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])


def volume(*shape: int, dtype: str = "i2") -> AnyArray:
    return (np.random.default_rng(6).random(shape or (4, 5, 6)) * 200).astype(dtype)


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught, open_stack(path) as stack:
        stack.read()
    return str(caught.value)


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


@pytest.mark.parametrize("packing", Packing)
@pytest.mark.parametrize("parts", [1, 2, 4])
def test_parts_and_packings(tmp_path: Path, packing: Packing, parts: int) -> None:
    """Bytes before the voxels are skipped, in the file and after decompressing; those behind do not matter."""
    voxels = volume(dtype=">f4")
    pack: dict[Packing, Callable[[bytes], bytes]] = {
        Packing.RAW: bytes,
        Packing.ZLIB: zlib.compress,
        Packing.GZIP: gzip.compress,
        Packing.BZIP2: bz2.compress,
    }
    files = []
    for index, piece in enumerate(np.split(voxels, parts)):
        files.append(Part(tmp_path / f"{index}", 11, 7))
        files[-1].path.write_bytes(b"h" * 11 + pack[packing](b"s" * 7 + piece.tobytes() + b"after"))
    layout = RawLayout(tuple(files), voxels.shape, voxels.dtype, packing)
    layout.refuse_impossible(tmp_path / "0")
    with RawVolume(tmp_path / "0", StackDescription("", voxels.shape, 1, np.dtype("f4")), layout) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        np.testing.assert_array_equal(stack.read(slice(1, 3), slice(2, 4)), voxels[1:3, 2:4])
        assert stack.read().dtype.isnative


def test_a_stream_of_many_members(tmp_path: Path) -> None:
    """Parallel compressors write gzip in blocks that follow each other."""
    data = volume().tobytes()
    (tmp_path / "a").write_bytes(gzip.compress(data[:100]) + gzip.compress(data[100:]))
    layout = RawLayout((Part(tmp_path / "a"),), (4, 5, 6), np.dtype("i2"), Packing.GZIP)
    with RawVolume(tmp_path / "a", StackDescription("", (4, 5, 6), 1, np.dtype("i2")), layout) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize("packing", [Packing.ZLIB, Packing.GZIP])
def test_a_wrong_checksum_is_told(tmp_path: Path, packing: Packing) -> None:
    pack: Callable[[bytes], bytes] = gzip.compress if packing is Packing.GZIP else zlib.compress
    packed = bytearray(pack(volume().tobytes()))
    packed[-5 if packing is Packing.GZIP else -1] ^= 1
    (tmp_path / "a").write_bytes(packed)
    layout = RawLayout((Part(tmp_path / "a"),), (4, 5, 6), np.dtype("i2"), packing)
    stack = RawVolume(tmp_path / "a", StackDescription("", (4, 5, 6), 1, np.dtype("i2")), layout)
    with pytest.raises(SourceError, match="is damaged"):
        stack.read()


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
    assert "is missing; put it beside its header" in refusal(path) or "does not exist" in refusal(path)


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
        ({"NDims": 4}, "has 4 dimensions; save it with three"),
        ({"DimSize": "6 5"}, "says DimSize = 6 5, not 3 numbers"),
        ({"DimSize": "6 5 0"}, "does not say how large it is"),
        ({"DimSize": None}, "does not say how large it is"),
        ({"DimSize": "6 5 5"}, "is cut off: 60 bytes are missing at its end"),
        ({"ElementType": "MET_STRING"}, "has voxels of type MET_STRING"),
        ({"ElementType": None}, "has voxels of type unknown"),
        ({"BinaryData": "False"}, "stores its voxels as text"),
        ({"ElementSpacing": "1 x 1"}, "says ElementSpacing = 1 x 1, not 3 numbers"),
        ({"CompressedData": "True"}, "is damaged"),
        ({"ElementDataFile": "z%q.raw 1 2"}, "which is not a file pattern"),
    ],
)
def test_meta_images_that_cannot_be(tmp_path: Path, fields: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(meta(tmp_path / "a.mha", volume().tobytes(), **fields))


def test_a_header_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "a.mha").write_text("NDims = 3\nDimSize = 1 2 3\n")
    assert "has no line ElementDataFile" in refusal(tmp_path / "a.mha")


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
    assert "b.raw', which is missing; put it beside its header" in refusal(detached)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.nii", nibabel.Nifti1Image),
        ("a.nii.gz", nibabel.Nifti1Image),
        ("a.nii", nibabel.Nifti2Image),
        ("a.nii.gz", nibabel.Nifti2Image),
        ("a.hdr", nibabel.Nifti1Pair),
    ],
)
@pytest.mark.parametrize("dtype", ["<i2", ">i2", ">f8"])
def test_kinds_of_nifti(tmp_path: Path, name: str, kind: Any, dtype: str) -> None:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = TURN.T * [0.5, 0.75, 2.0], [1, 2, 3]
    voxels = volume(dtype=dtype)
    header = kind.header_class(endianness=dtype[0])
    header.set_data_dtype(voxels.dtype)
    nibabel.save(kind(voxels.T, affine, header), tmp_path / name)
    assert kind_of(tmp_path / name) is Kind.STACK
    with open_stack(tmp_path / name) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.affine is not None
        np.testing.assert_allclose(stack.geometry.affine, affine, rtol=1e-6)
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))


@pytest.mark.parametrize(("dtype", "read"), [("i2", "f4"), ("i4", "f8"), ("f4", "f4")])
def test_scaled_nifti(tmp_path: Path, dtype: str, read: str) -> None:
    image = nibabel.Nifti1Image(volume(dtype=dtype).T, np.eye(4))
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, tmp_path / "a.nii")
    stored: Any = nibabel.load(tmp_path / "a.nii")
    with open_stack(tmp_path / "a.nii") as stack:
        assert stack.dtype == np.dtype(read)
        np.testing.assert_allclose(stack.read(), np.asarray(stored.dataobj).T, rtol=1e-6)


def test_nifti_of_many_volumes_and_of_one_slice(tmp_path: Path) -> None:
    four = volume(6, 5, 4, 3)
    nibabel.save(nibabel.Nifti1Image(four, np.eye(4)), tmp_path / "a.nii.gz")
    with open_stack(tmp_path / "a.nii.gz") as stack:
        np.testing.assert_array_equal(stack.read(), four[..., 0].T)
        assert stack.warnings == ("The file holds 3 volumes; only the first of them is shown.",)
    nibabel.save(nibabel.Nifti1Image(volume(6, 5), np.eye(4)), tmp_path / "b.nii")
    with open_stack(tmp_path / "b.nii") as stack:
        np.testing.assert_array_equal(stack.read(), volume(6, 5).T[None])


def test_nifti_in_color(tmp_path: Path) -> None:
    color = volume(4, 5, 6, 3, dtype="u1")
    pixels = color.transpose(2, 1, 0, 3).copy().view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    nibabel.save(nibabel.Nifti1Image(pixels, np.eye(4)), tmp_path / "a.nii")
    with open_stack(tmp_path / "a.nii") as stack:
        assert stack.channels == 3
        np.testing.assert_array_equal(stack.read(), color)


def test_complex_nifti_is_refused(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(volume().astype("c8"), np.eye(4)), tmp_path / "a.nii")
    assert "voxels of type complex64; save it with integer or real voxels" in refusal(tmp_path / "a.nii")


def test_a_full_disk_is_told_apart_from_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wholefield.sources.stacks import raw_volume

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(raw_volume, "_unpack", full)
    nrrd.write(str(tmp_path / "a.nrrd"), volume(), {"encoding": "gzip"}, index_order="C")
    assert "is full; make room there" in refusal(tmp_path / "a.nrrd")

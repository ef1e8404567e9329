"""Stored values of DICOM frames, against numbers packed here by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian

from tests.engine.sources.stacks.dicom.dicom_files import dataset, frame_of, layout_of, saved
from wholefield.errors import SourceError
from wholefield.sources.stacks.dicom.headers import read_header
from wholefield.sources.stacks.stack import AnyArray


def frames(dtype: str, *shape: int) -> AnyArray:
    info = np.iinfo(dtype)
    return np.random.default_rng(3).integers(
        info.min, info.max, shape or (3, 5, 7), endpoint=True, dtype=dtype
    )


def several(values: AnyArray, **tags: Any) -> Any:
    """A data set with many frames."""
    return dataset(values[0], NumberOfFrames=len(values), PixelData=values.tobytes(), **tags)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_every_frame_of_every_type(dtype: str, tmp_path: Path) -> None:
    values = frames(dtype)
    image = several(values)
    for index, wanted in enumerate(values):
        found = frame_of(image, index, tmp_path)
        assert found.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(found, wanted)


def test_big_endian(tmp_path: Path) -> None:
    values = frames("i2")
    image = several(values.astype(">i2"), syntax=ExplicitVRBigEndian)
    image.set_original_encoding(False, False)
    np.testing.assert_array_equal(frame_of(image, 1, tmp_path), values[1])


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [1, 9, 12, 15, 16])
def test_bits_above_those_stored_are_cleared_or_take_the_sign(
    bits: int, signed: bool, tmp_path: Path
) -> None:
    values = frames("u2")
    image = several(values, BitsStored=bits, HighBit=bits - 1, PixelRepresentation=int(signed))
    wanted = values.astype(np.int64) % 2**bits
    if signed:
        wanted = np.where(wanted >= 2 ** (bits - 1), wanted - 2**bits, wanted)
    np.testing.assert_array_equal(frame_of(image, 2, tmp_path), wanted[2])


@pytest.mark.parametrize("planar", [0, 1])
def test_colors_by_pixel_and_by_plane(planar: int, tmp_path: Path) -> None:
    values = frames("u1", 2, 5, 7, 3)
    data = values if planar == 0 else values.transpose(0, 3, 1, 2)
    image = dataset(
        values[0],
        NumberOfFrames=2,
        PixelData=np.ascontiguousarray(data).tobytes(),
        PlanarConfiguration=planar,
    )
    np.testing.assert_array_equal(frame_of(image, 1, tmp_path), values[1])


def test_frames_of_single_bits_need_not_begin_at_a_byte(tmp_path: Path) -> None:
    values = np.random.default_rng(4).integers(0, 2, (3, 5, 7), dtype=np.uint8)
    image = dataset(
        values[0], NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0,
        PixelData=np.packbits(values, bitorder="little").tobytes(),
    )  # fmt: skip
    for index, wanted in enumerate(values):
        np.testing.assert_array_equal(frame_of(image, index, tmp_path), wanted)


@pytest.mark.parametrize(
    ("name", "dtype"), [("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)]
)
def test_real_numbers(name: str, dtype: type[np.floating[Any]], tmp_path: Path) -> None:
    values = np.random.default_rng(5).normal(size=(2, 4, 3)).astype(dtype)
    tags: dict[str, Any] = {"PixelRepresentation": None, "PixelData": None, name: values.tobytes()}
    image = dataset(values[0], NumberOfFrames=2, BitsAllocated=values.dtype.itemsize * 8, **tags)
    assert layout_of(image, tmp_path).dtype == values.dtype
    np.testing.assert_array_equal(frame_of(image, 1, tmp_path), values[1])


def test_a_file_that_is_cut_short_is_told(tmp_path: Path) -> None:
    values = frames("i2")
    image = several(values)
    image.PixelData = image.PixelData[:-2]
    with pytest.raises(SourceError, match="holds 208 bytes of pixels: some are missing"):
        layout_of(image, tmp_path)
    del image.PixelData
    with pytest.raises(SourceError, match="describes an image, and its pixels are missing"):
        layout_of(image, tmp_path)
    image.add_new(0x56000020, "OF", b"\0" * 16)
    assert read_header(saved(image, tmp_path / "spectrum.dcm")).slices == ()

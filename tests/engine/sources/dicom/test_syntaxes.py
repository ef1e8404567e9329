"""Compressed pixels against what was compressed, against pydicom's own files and its own decoders."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom import dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from tests.engine.sources.stacks.dicom.dicom_files import dataset
from wholefield.errors import SourceError
from wholefield.sources.dicom.decoding import decode
from wholefield.sources.dicom.frames import read_frame
from wholefield.sources.dicom.layout import HeaderError
from wholefield.sources.dicom.syntaxes import codestream_size, jpeg_components
from wholefield.sources.stacks.dicom.headers import read_header
from wholefield.sources.stacks.stack import AnyArray

JPEG = "1.2.840.10008.1.2.4."
SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"


def compressed(path: Path, plane: AnyArray, syntax: str, *frames: bytes, **tags: Any) -> Path:
    """A file of compressed frames; without a syntax where it is empty."""
    image = dataset(plane, syntax or "1.2.840.10008.1.2.1", NumberOfFrames=len(frames), **tags)
    image.PixelData = encapsulate(list(frames))
    image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True
    if not syntax:
        del image.file_meta.TransferSyntaxUID
    dcmwrite(path, image, implicit_vr=False, little_endian=True, force_encoding=True)
    return path


def first(path: Path, frame: int = 0) -> AnyArray:
    layout = read_header(path).layout
    assert layout is not None
    return read_frame(path, layout, frame)


def gray(bits: int = 12) -> AnyArray:
    return np.random.default_rng(1).integers(0, 2**bits, (40, 50)).astype(np.uint16)


def smooth() -> AnyArray:
    y, x = np.mgrid[:40, :50]
    return np.stack([5 * x, 6 * y, 3 * x + 2 * y], -1).astype(np.uint8)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_lossless_jpeg(tmp_path: Path, bits: int) -> None:
    planes = [gray(bits), gray(bits)[::-1].copy()]
    data = [bytes(imagecodecs.ljpeg_encode(plane, bitspersample=bits)) for plane in planes]
    path = compressed(tmp_path / "a", planes[0], f"{JPEG}70", *data, BitsStored=bits, HighBit=bits - 1)
    for index, plane in enumerate(planes):
        np.testing.assert_array_equal(first(path, index), plane)


def test_twelve_bits_of_lossy_jpeg(tmp_path: Path) -> None:
    y, x = np.mgrid[:40, :50]
    plane = (40 * x + 50 * y).astype(np.uint16)
    data = bytes(imagecodecs.jpeg8_encode(plane, bitspersample=12, level=98))
    path = compressed(tmp_path / "a", plane, f"{JPEG}51", data, BitsStored=12, HighBit=11)
    assert np.abs(first(path).astype(int) - plane).max() < 12


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize("inside", ["YCBCR", "RGB"])
def test_colors_of_jpeg_by_its_own_markers(tmp_path: Path, photometric: str, inside: str) -> None:
    """Files whose tag and markers contradict exist both ways; the markers say what was encoded."""
    data = bytes(imagecodecs.jpeg8_encode(smooth(), level=98, colorspace="RGB", outcolorspace=inside))
    path = compressed(tmp_path / "a", smooth(), f"{JPEG}50", data, PhotometricInterpretation=photometric)
    assert np.abs(first(path).astype(int) - smooth()).max() < 20


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("SC_rgb_jpeg_dcmtk", True),
        ("SC_jpeg_no_color_transform", None),
        ("SC_jpeg_no_color_transform_2", False),
    ],
)
def test_markers_of_real_files(name: str, marker: bool | None) -> None:
    read = pydicom.dcmread(SAMPLES / f"{name}.dcm")
    assert jpeg_components(pydicom.encaps.get_frame(read.PixelData, 0, number_of_frames=1))[0] is marker


@pytest.mark.parametrize("kind", ["jpegls", "jpeg2k", "htj2k"])
@pytest.mark.parametrize("color", [False, True])
def test_other_lossless_kinds(tmp_path: Path, kind: str, color: bool) -> None:
    plane = smooth() if color else gray()
    encoders: dict[str, tuple[str, Any, dict[str, Any]]] = {
        "jpegls": ("80", imagecodecs.jpegls_encode, {}),
        "jpeg2k": ("90", imagecodecs.jpeg2k_encode, {"codecformat": "J2K", "level": 0}),
        "htj2k": ("201", imagecodecs.htj2k_encode, {}),
    }
    number, encode, arguments = encoders[kind]
    photometric = {"PhotometricInterpretation": "YBR_RCT"} if color and kind == "jpeg2k" else {}
    path = compressed(tmp_path / "a", plane, JPEG + number, bytes(encode(plane, **arguments)), **photometric)
    np.testing.assert_array_equal(first(path), plane)


@pytest.mark.parametrize(
    ("kind", "color"), [("u1", False), ("u2", False), ("i2", False), ("u1", True), ("u2", True)]
)
def test_runs(tmp_path: Path, kind: str, color: bool) -> None:
    info = np.iinfo(kind)
    shape = (2, 9, 13, 3) if color else (2, 9, 13)
    values = np.random.default_rng(2).integers(info.min, info.max, shape, dtype=kind)
    values[:, 3:6] = 7
    image = dataset(values[0], NumberOfFrames=2, PixelData=values.tobytes())
    image.compress(RLELossless)
    image.save_as(tmp_path / "a", enforce_file_format=True)
    for index, plane in enumerate(values):
        np.testing.assert_array_equal(first(tmp_path / "a", index), plane)


def test_a_syntax_that_is_not_named_is_found_by_the_pixels(tmp_path: Path) -> None:
    plane = gray()
    for data in (
        imagecodecs.jpegls_encode(plane),
        imagecodecs.ljpeg_encode(plane, bitspersample=16),
        imagecodecs.jpeg2k_encode(plane, codecformat="J2K", level=0),
    ):
        np.testing.assert_array_equal(first(compressed(tmp_path / "a", plane, "", bytes(data))), plane)
    with pytest.raises(SourceError, match="does not name its transfer syntax, and its pixels are compressed"):
        first(compressed(tmp_path / "a", plane, "", b"\1\2\3\4"))


def test_compressed_pixels_of_another_size_are_not_decoded(tmp_path: Path) -> None:
    data = bytes(imagecodecs.jpeg2k_encode(gray(), codecformat="J2K", level=0))
    assert codestream_size(data) == (40, 50)
    assert codestream_size(bytes(imagecodecs.jpegls_encode(gray()))) == (40, 50)
    assert codestream_size(b"\xff\xd8\xff") is None
    path = compressed(tmp_path / "a", np.zeros((40, 60), np.uint16), f"{JPEG}90", data)
    with pytest.raises(HeaderError, match="promises 60 x 40 px, its compressed pixels 50 x 40"):
        first(path)


def test_a_few_bytes_that_claim_gigabytes(tmp_path: Path) -> None:
    path = compressed(
        tmp_path / "a", np.zeros((4, 4), np.uint16), f"{JPEG}90", b"\xff\x4f\xff\x51" + b"\0" * 20
    )
    layout = read_header(path).layout
    assert layout is not None
    with pytest.raises(HeaderError, match="cannot hold 60000 x 60000 px"):
        decode(b"\1" * 100, replace(layout, rows=60000, columns=60000))


def _decodable() -> list[str]:
    return sorted(path.name for path in SAMPLES.glob("*.dcm") if path.stat().st_size < 10**6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", _decodable())
def test_the_files_of_pydicom_as_pydicom_reads_them(name: str) -> None:
    """Every file that both read gives the same first frame."""
    path = SAMPLES / name
    try:
        ours = first(path)
        theirs = pydicom.pixels.pixel_array(path, index=0, raw=False)
    except (SourceError, HeaderError, AssertionError, RuntimeError, AttributeError, KeyError):
        pytest.skip("one of the two does not read it")
    if ours.shape != theirs.shape:
        read = pydicom.dcmread(path)
        assert read.PhotometricInterpretation == "PALETTE COLOR"
        theirs = (pydicom.pixels.apply_color_lut(theirs, read) >> 8).astype(np.uint8)
    assert np.abs(ours.astype(np.int64) - theirs).max() <= ("YBR" in name or "ybr" in name)


def test_streams_with_more_bits_than_the_header_promises_are_refused(tmp_path: Path) -> None:
    data = bytes(imagecodecs.jpegls_encode(gray(12)))
    path = compressed(tmp_path / "a", gray(8).astype(np.uint8), f"{JPEG}80", data)
    with pytest.raises(HeaderError, match="promises 8 bits, and its compressed pixels have more"):
        first(path)


def test_jpeg_xl_gives_red_green_and_blue_whatever_the_tags_say(tmp_path: Path) -> None:
    data = bytes(imagecodecs.jpegxl_encode(smooth(), lossless=True))
    for number, photometric in (("110", "RGB"), ("111", "YBR_FULL_422"), ("112", "YBR_FULL")):
        path = compressed(
            tmp_path / number, smooth(), JPEG + number, data, PhotometricInterpretation=photometric
        )
        np.testing.assert_array_equal(first(path), smooth())


def test_the_size_of_a_stream_in_boxes() -> None:
    data = bytes(imagecodecs.jpeg2k_encode(gray(), codecformat="JP2", level=0))
    assert data.startswith(b"\0\0\0\x0c")
    assert codestream_size(data) == (40, 50)

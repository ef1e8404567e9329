"""Headers of plain files are what pydicom reads, and everything else is left to it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.engine.sources.stacks.dicom.dicom_files import dataset, saved
from wholefield.sources.stacks.dicom import headers
from wholefield.sources.stacks.dicom.quick import NotPlainError, quick_header

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"


def plane() -> Any:
    return np.arange(12, dtype=np.int16).reshape(3, 4)


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The header with and without the quick reader."""
    with path.open("rb") as file:
        assert quick_header(file) is not None
    quick = headers.read_header(path)
    monkeypatch.setattr(headers, "quick_header", _none)
    return quick, headers.read_header(path)


def _none(_file: object) -> None:
    return None


def comparable(file: headers.DicomFile) -> dict[str, Any]:
    assert file.layout is not None
    return vars(file) | {"layout": vars(file.layout)}


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_a_series_as_scanners_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syntax: str, undefined: bool
) -> None:
    inner = Dataset()
    inner.ReferencedSOPInstanceUID, inner.CodeMeaning = "1.2.3", "anything"
    deeper = Dataset()
    deeper.PurposeOfReferenceCodeSequence = Sequence([inner, inner])
    image = dataset(
        plane(), syntax, ImagePositionPatient=[1.5, -2.25, 1e-3], InstanceNumber=12, RescaleSlope="0.5 ", EchoTime=4,
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], SeriesDescription="HEAD  4.0", WindowCenter=[40, 300],
        WindowWidth=[400, 1500], KVP="+120.0", PixelPaddingValue=-2000, ReferencedImageSequence=Sequence([deeper]),
        AcquisitionTime="101112.25", LossyImageCompression="01",
    )  # fmt: skip
    image["ReferencedImageSequence"].is_undefined_length = undefined
    deeper.is_undefined_length_sequence_item = undefined
    image.private_block(0x0029, "MAKER", create=True).add_new(1, "OB", b"\xff\xfe" * 300)
    quick, slow = both(saved(image, tmp_path / "a"), monkeypatch)
    assert comparable(quick) == comparable(slow)
    assert quick.texts["PixelPaddingValue"] == "-2000"
    assert quick.slices[0].scale == (0.5, 0.0)


def test_headers_that_go_on_behind_the_first_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = dataset(plane(), ImageComments="x" * 60_000)
    image.private_block(0x0009, "MAKER", create=True).add_new(1, "OB", b"\0" * 100_001)
    quick, slow = both(saved(image, tmp_path / "a"), monkeypatch)
    assert comparable(quick) == comparable(slow)


@pytest.mark.parametrize("name", ["CT_small", "MR_small", "MR_small_implicit", "693_J2KI", "MR_small_RLE"])
def test_real_files(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow = both(SAMPLES / f"{name}.dcm", monkeypatch)
    assert comparable(quick) == comparable(slow)


@pytest.mark.parametrize(
    "tags", [{"SeriesDescription": "Schädel", "SpecificCharacterSet": "ISO_IR 100"}, {"RescaleSlope": "1"}]
)
def test_what_is_not_plain_is_left_to_pydicom(tmp_path: Path, tags: dict[str, Any]) -> None:
    image = dataset(plane(), **tags)
    if "RescaleSlope" in tags:
        image.NumberOfFrames = 1
    else:
        with saved(image, tmp_path / "b").open("rb") as file:
            header = quick_header(file)
        assert header is not None
        with pytest.raises(NotPlainError):
            header.get("SeriesDescription")
    path = saved(image, tmp_path / "a")
    assert headers.read_header(path).texts.get("SeriesDescription") == tags.get("SeriesDescription")


@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_raise(noise: bytes, at: int) -> None:
    image = dataset(plane())
    whole = BytesIO()
    image.save_as(whole, enforce_file_format=True)
    data = whole.getvalue()
    damaged = data[: at + 132] + noise + data[at + 132 + len(noise) :]
    quick_header(BytesIO(damaged))
    quick_header(BytesIO(damaged[:at]))

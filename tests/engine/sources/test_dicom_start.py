"""DICOM is known by how it begins, also without its preamble; noise and other formats are not taken for it."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom import dcmwrite
from pydicom.dataset import FileMetaDataset

from tests.engine.sources.stacks.dicom.dicom_files import dataset
from wholefield.sources.dicom_start import is_dicom


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("little", [True, False])
def test_bare_data_sets(implicit: bool, little: bool) -> None:
    if implicit and not little:
        pytest.skip("there is no such encoding")
    image = dataset(np.zeros((3, 4), np.uint16))
    image.preamble, image.file_meta = None, FileMetaDataset()
    file = BytesIO()
    dcmwrite(file, image, implicit_vr=implicit, little_endian=little, force_encoding=True)
    assert is_dicom(file.getvalue()[:512])
    assert not is_dicom(file.getvalue()[:20])


def test_the_usual_beginning() -> None:
    file = BytesIO()
    dataset(np.zeros((3, 4), np.uint16)).save_as(file, enforce_file_format=True)
    data = file.getvalue()
    assert is_dicom(data[:512])
    assert is_dicom(data[132:644])
    assert is_dicom(b"II*\0".ljust(128, b"\0") + data[128:512])


@given(st.binary(max_size=512))
def test_noise_is_not_dicom(noise: bytes) -> None:
    assert not is_dicom(noise)


@given(st.lists(st.integers(0, 65535), min_size=256, max_size=256), st.sampled_from(["<u2", "<u4"]))
def test_words_of_a_camera_are_not_dicom(words: list[int], kind: str) -> None:
    assert not is_dicom(np.array([8, 0, *words], kind).tobytes())
    assert not is_dicom(np.array([2, 0, *words], kind).tobytes())

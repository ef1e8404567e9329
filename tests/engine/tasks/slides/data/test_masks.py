"""The mask table, and grey values as classes."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources import open_image
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.masks import (
    IGNORED,
    Labels,
    MaskedSlide,
    read_classes,
    read_masks,
    split_rows,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.tif", "b.tif", "a_mask.tif", "b_mask.tif"):
        (tmp_path / name).touch()
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "masks.csv"
    path.write_text(text)
    return path


def test_rows(folder: Path) -> None:
    text = "file,mask,x,y,width,height\na.tif,a_mask.tif,,,,\nb.tif,b_mask.tif,1,2,3,4\n"
    assert read_masks(write(folder, text), folder) == (
        MaskedSlide(folder / "a.tif", folder / "a_mask.tif"),
        MaskedSlide(folder / "b.tif", folder / "b_mask.tif", Rect(1, 2, 3, 4)),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,label\na.tif,x\n", r"has no column mask \(it has file, label\)"),
        ("file,mask\na.tif,a_mask.tif\n", "needs two rows at least"),
        ("file,mask\na.tif,a_mask.tif\nb.tif,c.tif\n", r"line 3: c\.tif is not in the folder"),
        ("file,mask\na.tif,a_mask.tif\nb.tif,\n", "line 3: the mask is empty"),
    ],
)
def test_mistakes(folder: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        read_masks(write(folder, text), folder)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=50), st.floats(0.01, 0.99), st.integers(0, 1000))
def test_split_is_a_partition_of_slides(numbers: list[int], fraction: float, seed: int) -> None:
    slides = [Path(f"{number}.tif") for number in numbers]
    parts = split_rows(slides, fraction, seed)
    assert sorted(parts.training + parts.validation) == list(range(len(slides)))
    assert parts.training
    assert parts.validation
    shared = {slides[i] for i in parts.training} & {slides[i] for i in parts.validation}
    assert not shared or len(set(slides)) == 1


class TestLabels:
    values = np.array([[0, 1, 2], [255, 7, 0]], np.uint8)

    def test_as_they_are(self) -> None:
        assert Labels().classes(self.values).tolist() == [[0, 1, 2], [255, 7, 0]]

    def test_ignored_and_foreground(self) -> None:
        found = Labels(foreground=True, ignore=255).classes(self.values)
        assert found.tolist() == [[0, 1, 1], [IGNORED, 1, 0]]
        assert found.dtype == np.int64

    def test_background_may_be_ignored(self) -> None:
        found = Labels(foreground=True, ignore=0).classes(self.values)
        assert found.tolist() == [[IGNORED, 1, 1], [1, 1, IGNORED]]


class TestReading:
    @pytest.fixture
    def image(self, tmp_path: Path) -> Path:
        tifffile.imwrite(
            tmp_path / "i.tif", np.zeros((40, 50, 3), np.uint8), photometric="rgb", tile=(16, 16)
        )
        return tmp_path / "i.tif"

    def read(self, image: Path, mask: np.ndarray) -> np.ndarray:
        path = image.with_name("m.tif")
        tifffile.imwrite(path, mask, tile=(16, 16))
        with open_image(image) as one, open_image(path) as other:
            return read_classes(other, one, 0, Rect(10, 20, 5, 4), Labels())

    def test_reads_the_area(self, image: Path) -> None:
        mask = np.arange(2000, dtype=np.uint16).reshape(40, 50)
        assert np.array_equal(self.read(image, mask), mask[20:24, 10:15])

    def test_other_size(self, image: Path) -> None:
        with pytest.raises(SettingError, match="is 50 x 41 and has no level of 50 x 40"):
            self.read(image, np.zeros((41, 50), np.uint8))

    def test_not_labels(self, image: Path) -> None:
        with pytest.raises(SettingError, match="must have one channel of whole numbers"):
            self.read(image, np.zeros((40, 50), np.float32))

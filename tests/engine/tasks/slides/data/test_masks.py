"""Masks beside their slides: the classes of an area."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SettingError
from wholefield.sources import open_image
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.masks import IGNORED, read_classes
from wholefield.training.label_values import LabelSet

LABELS = LabelSet((*range(1062), *range(1063, 2000)), (1062,))


class TestReading:
    @pytest.fixture
    def image(self, tmp_path: Path) -> Path:
        tifffile.imwrite(
            tmp_path / "i.tif", np.zeros((40, 50, 3), np.uint8), photometric="rgb", tile=(16, 16)
        )
        return tmp_path / "i.tif"

    def read(self, image: Path, mask: np.ndarray) -> np.ndarray:
        path = image.with_name("m.tif")
        tifffile.imwrite(path, mask, tile=(16, 16), photometric="minisblack", planarconfig="contig")
        with open_image(image) as one, open_image(path) as other:
            return read_classes(
                other,
                one,
                0,
                Rect(10, 20, 5, 4),
                LabelSet(tuple(range(1062)) + tuple(range(1063, 2000)), (1062,)),
            )

    def test_reads_the_area(self, image: Path) -> None:
        mask = np.arange(2000, dtype=np.uint16).reshape(40, 50)
        expected = mask[20:24, 10:15].astype(int)
        expected = np.where(expected == 1062, IGNORED, expected - (expected > 1062))
        assert np.count_nonzero(expected == IGNORED) == 1
        assert np.array_equal(self.read(image, mask), expected)

    def test_other_size(self, image: Path) -> None:
        with pytest.raises(SettingError, match="is 50 x 41 and has no level of 50 x 40"):
            self.read(image, np.zeros((41, 50), np.uint8))

    def test_not_labels(self, image: Path) -> None:
        with pytest.raises(
            SettingError, match=r"The mask m\.tif holds 0\.5, which is none of the labels 0, 1"
        ):
            self.read(image, np.full((40, 50), 0.5, np.float32))

    def test_whole_numbers_in_floating_point_are_labels_and_nan_is_none(self, image: Path) -> None:
        mask = np.full((40, 50), 3, np.float32)
        mask[20, 10] = np.nan
        found = self.read(image, mask)
        assert found[0, 0] == IGNORED
        assert set(found.ravel()[1:]) == {3}

    def test_channels(self, image: Path) -> None:
        with pytest.raises(SettingError, match="has 5 channels, but labels have one"):
            self.read(image, np.zeros((40, 50, 5), np.uint8))

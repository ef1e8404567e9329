"""Label and macro images: names at once, pixels when taken."""

from pathlib import Path

import numpy as np
import openslide
import pytest

from wholefield.errors import SourceError
from wholefield.sources import open_image
from wholefield.sources.slides.associated import AssociatedImages


def test_a_picture_is_read_when_it_is_taken() -> None:
    taken: list[str] = []

    def read() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        taken.append("label")
        return np.zeros((2, 3, 3), np.uint8)

    pictures = AssociatedImages({"Label": read})
    assert (list(pictures), len(pictures), taken) == (["label"], 1, [])
    assert pictures["label"].shape == (2, 3, 3)
    assert taken == ["label"]
    with pytest.raises(KeyError):
        pictures["macro"]


@pytest.mark.data
def test_those_of_a_scanner_agree_with_openslide(data_folder: Path) -> None:
    path = data_folder / "slides" / "cmu_mini.ndpi"
    with open_image(path) as source, openslide.OpenSlide(path) as slide:
        assert list(source.associated) == list(slide.associated_images)
        right = np.asarray(slide.associated_images["macro"])[..., :3]
        np.testing.assert_array_equal(source.associated["macro"], right)
    with pytest.raises(SourceError, match="has been closed"):
        source.associated["macro"]

"""Label images lie over the slide that they belong to, by their numbers and names; others are refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.engine.sources.slides.dicom.dicom_files import tiles_of, write_segmentation
from tests.there import there
from wholefield.errors import SourceError
from wholefield.sources import open_image
from wholefield_app.document import dialogs
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.label_layer import read_labels

SIDE = 96


@pytest.fixture
def slide(make_slide: Callable[..., Path]) -> Path:
    return make_slide("slide.tif", side=SIDE)


def labels() -> np.ndarray:
    values = np.zeros((SIDE, SIDE), np.uint8)
    values[10:50, 20:60] = 1
    values[60:90, 5:95] = 2
    return values


def write_dicom(path: Path) -> Path:
    path.parent.mkdir()
    frames = [
        (number, *divmod(index, SIDE // 16), tile)
        for number in (1, 2)
        for index, tile in enumerate(tiles_of((labels() == number).astype(np.uint8), 16))
        if tile.any()
    ]
    return write_segmentation(path, frames, (SIDE, SIDE), ("tumor", "stroma"))


def test_a_dicom_segmentation_is_read_by_the_names_of_its_classes(slide: Path, tmp_path: Path) -> None:
    with open_image(slide) as source:
        found = read_labels(write_dicom(tmp_path / "labels" / "seg.dcm"), source)
    assert found.classes == ("nothing", "tumor", "stroma")
    assert np.array_equal(found.map.levels[0], labels())
    assert found.map.counts.tolist() == np.bincount(labels().ravel()).tolist()
    assert (found.slide, found.size) == (slide, (SIDE, SIDE))


def test_numbers_of_any_size_are_classes_in_their_order(slide: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.tif"
    values = labels().astype(np.uint16)[::2, ::2] * 500
    tifffile.imwrite(path, values, photometric="minisblack")
    with open_image(slide) as source:
        found = read_labels(path, source)
    assert found.classes == ("nothing", "500", "1000")
    assert np.array_equal(found.map.levels[0], labels()[::2, ::2])


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((SIDE, SIDE // 2), np.uint8), "is not the shape of slide.tif"),
        (np.zeros((SIDE, SIDE, 3), np.uint8), "3 × uint8"),
        (np.zeros((SIDE, SIDE), np.float32), "1 × float32"),
        (np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE), "more than 250 different values"),
    ],
)
def test_what_is_no_label_image_of_the_slide_is_refused(
    slide: Path, tmp_path: Path, pixels: np.ndarray, reason: str
) -> None:
    path = tmp_path / "other.tif"
    tifffile.imwrite(path, pixels, photometric="rgb" if pixels.ndim == 3 else "minisblack")
    with open_image(slide) as source, pytest.raises(SourceError, match=reason):
        read_labels(path, source)


def test_labels_are_laid_over_the_slide_and_go_with_it(
    window: MainWindow,
    slide: Path,
    make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_and_wait(slide)
    space = slides_of(window)
    before = space.view.grab_view()
    path = write_dicom(tmp_path / "labels" / "seg.dcm")
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: path)
    window.registry["slides.open_labels"].trigger()
    qtbot.waitUntil(lambda: space.prediction.result is not None and window.quiet)
    assert there(space.prediction.segmentation).classes == ("nothing", "tumor", "stroma")
    assert space.view.grab_view() != before
    assert space.prediction_panel.bars.isVisible()
    open_and_wait(make_slide("other.tif", side=SIDE))
    assert space.prediction.result is None

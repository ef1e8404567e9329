"""Label images lie over the slide that they belong to, by their numbers and names; others are refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.engine.sources.slides.dicom.dicom_files import tiles_of, write_segmentation
from tests.there import a, there
from wholefield.errors import SourceError
from wholefield.runs.control import Control
from wholefield.runs.reports import ignore
from wholefield.sources import Rect, open_image
from wholefield_app.document import dialogs
from wholefield_app.viewer.slides.classes import ClassLayer
from wholefield_app.viewer.slides.map import MapLayer
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.export import export_classes
from wholefield_app.workspaces.slides.label_layer import read_labels, read_layers
from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

SIDE = 96


@pytest.fixture
def slide(make_slide: Callable[..., Path]) -> Path:
    return make_slide("slide.tif", side=SIDE)


def labels() -> np.ndarray:
    values = np.zeros((SIDE, SIDE), np.uint8)
    values[10:50, 20:60] = 1
    values[60:90, 5:95] = 2
    return values


def titles(space: SlidesWorkspace) -> list[str]:
    """What the list of layers shows, the one on top first."""
    return [space.layers_panel.list.item(row).text() for row in range(space.layers_panel.list.count())]


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
    window.registry["slides.add_layer"].trigger()
    qtbot.waitUntil(lambda: "seg.dcm" in titles(space) and window.quiet)
    layer = a(ClassLayer, space.layers_panel.selected)
    assert there(layer.picture).names == ("nothing", "tumor", "stroma")
    shown = space.view.grab_view()
    assert shown != before
    space.layers_panel.fill.setCurrentIndex(1)
    assert space.view.grab_view() not in (before, shown)
    window.registry["slides.remove_layer"].trigger()
    assert space.view.grab_view() == before
    assert not window.registry["slides.remove_layer"].isEnabled()
    space.add_layer(path)
    qtbot.waitUntil(lambda: "seg.dcm" in titles(space) and window.quiet)
    open_and_wait(make_slide("other.tif", side=SIDE))
    assert "seg.dcm" not in titles(space)


def test_every_channel_of_decimal_numbers_is_a_map(slide: Path, tmp_path: Path) -> None:
    path = tmp_path / "maps.ome.tif"
    values = np.linspace(0, 1, 2 * SIDE * SIDE, dtype=np.float32).reshape(2, SIDE, SIDE)
    values[1] *= 300
    tifffile.imwrite(
        path, values, ome=True, metadata={"axes": "CYX", "Channel": {"Name": ["glass", "tissue"]}}
    )
    with open_image(slide) as source:
        layers = [a(MapLayer, layer) for layer in read_layers(path, source)]
    assert [layer.title for layer in layers] == ["maps.ome.tif, glass", "maps.ome.tif, tissue"]
    assert [layer.visible for layer in layers] == [True, False]
    assert np.array_equal(there(layers[0]._values), values[0])
    assert layers[1]._title == "tissue, 150 to 300"
    assert np.allclose(there(layers[1]._values), (values[1] - values[1].min()) / np.ptp(values[1]), atol=1e-6)


def test_layers_are_listed_and_change_places(
    window: MainWindow, slide: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot, tmp_path: Path
) -> None:
    open_and_wait(slide)
    space = slides_of(window)
    for name, value in (("low.tif", 1), ("high.tif", 2)):
        values = labels().astype(np.uint16)
        values[:40, :40] = value
        tifffile.imwrite(tmp_path / name, values, photometric="minisblack")
        space.add_layer(tmp_path / name)
        qtbot.waitUntil(lambda name=name: name in titles(space) and window.quiet)  # type: ignore[misc]
    assert titles(space) == ["Tile grid", "high.tif", "low.tif", "Labels", "Image"]
    before = space.view.grab_view()
    rows = space.layers_panel.list
    assert rows.model().moveRow(QModelIndex(), 2, QModelIndex(), 1)
    assert titles(space) == ["Tile grid", "low.tif", "high.tif", "Labels", "Image"]
    assert space.view.grab_view() != before
    assert rows.model().moveRow(QModelIndex(), 4, QModelIndex(), 0)
    assert titles(space)[-1] == "Image"
    rows.item(titles(space).index("Image")).setCheckState(Qt.CheckState.Unchecked)
    assert space.view.color_at(90, 3) is not None
    place = space.view._frame().rect(Rect(90, 5, 1, 1)).center().toPoint()
    assert space.view.grab_view().pixelColor(place) == space.view._background()


def test_tissue_is_a_layer(
    window: MainWindow, open_and_wait: Callable[[Path], None], qtbot: QtBot, tmp_path: Path
) -> None:
    pixels = np.full((SIDE, SIDE, 3), 240, np.uint8)
    pixels[20:70, 30:80] = (200, 120, 160)
    tifffile.imwrite(tmp_path / "tissue.tif", pixels, photometric="rgb")
    open_and_wait(tmp_path / "tissue.tif")
    space = slides_of(window)
    window.registry["slides.find_tissue"].trigger()
    qtbot.waitUntil(lambda: "Tissue" in titles(space) and window.quiet)
    layer = a(ClassLayer, space.layers_panel.selected)
    (mask,) = there(layer.picture).levels
    assert mask[20:70, 30:80].mean() > 0.99
    assert mask.mean() < 0.4


def test_exported_classes_come_back_with_their_names_and_colors(slide: Path, tmp_path: Path) -> None:
    with open_image(slide) as source:
        found = read_labels(write_dicom(tmp_path / "labels" / "seg.dcm"), source)
        assert len(set(found.colors)) == 3
        export_classes(found, tmp_path / "classes.ome.tif", ignore, Control())
        again = read_labels(tmp_path / "classes.ome.tif", source)
        (layer,) = read_layers(tmp_path / "classes.ome.tif", source)
    assert (again.classes, again.colors) == (found.classes, found.colors)
    assert np.array_equal(again.map.levels[0], found.map.levels[0])
    picture = there(a(ClassLayer, layer).picture)
    assert [picture.color(index) for index in range(3)] == list(found.colors)

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from wholefield.errors import SourceError
from wholefield.sources.slides.image import ImageSource
from wholefield_app.workspaces.slides.document import open_path
from wholefield_app.workspaces.slides.project import SlideProject
from wholefield_app.workspaces.slides.slides_panel import THUMBNAIL, make_thumbnail


def test_a_file_is_a_slide_and_a_folder_a_project(
    make_slide: Callable[..., Path], project_folder: Path
) -> None:
    source = open_path(make_slide("a.tif", side=64))
    assert isinstance(source, ImageSource)
    assert (source.width, source.height) == (64, 64)
    source.close()
    with pytest.raises(SourceError):
        source.read_region(0, 0, 0, 4, 4)
    project = open_path(project_folder)
    assert isinstance(project, SlideProject)
    assert len(project.entries) == 4


def test_a_folder_that_is_an_image_is_opened_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "image.zarr"
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    group.create_array("0", data=np.zeros((3, 40, 50), np.uint8), chunks=(3, 40, 50))
    axes = [{"name": name, "type": kind} for name, kind in (("c", "channel"), ("y", "space"), ("x", "space"))]
    group.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": axes,
            "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1]}]}],
        }
    ]
    source = open_path(folder)
    assert isinstance(source, ImageSource)
    assert (source.width, source.height) == (50, 40)
    source.close()


@pytest.mark.parametrize("shape", [(200, 100), (100, 200), (40, 30)])
def test_a_thumbnail_has_the_shape_and_colours_of_the_slide(
    qapp: QApplication, tmp_path: Path, shape: tuple[int, int]
) -> None:
    pixels = np.zeros((*shape, 3), np.uint8)
    pixels[: shape[0] // 2] = (200, 30, 10)
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(128, 128), photometric="rgb")
    picture = make_thumbnail(tmp_path / "a.tif")
    scale = min(THUMBNAIL / max(shape), 1)
    assert picture.height() == pytest.approx(shape[0] * scale, abs=1)
    assert picture.width() == pytest.approx(shape[1] * scale, abs=1)
    assert picture.pixelColor(1, 1) == QColor(200, 30, 10)
    assert picture.pixelColor(1, picture.height() - 2) == QColor(0, 0, 0)

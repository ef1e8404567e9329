"""`wholefield tissue`."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.cli import main


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    pixels = np.full((300, 400, 3), 240, np.uint8)
    pixels[100:200, 100:300] = (200, 120, 160)
    tifffile.imwrite(tmp_path / "slide.tif", pixels, photometric="rgb")
    return tmp_path / "slide.tif"


def test_a_mask_and_outlines(slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mask, outlines = tmp_path / "mask.tif", tmp_path / "tissue.geojson"
    assert main(["tissue", str(slide), str(mask), "--margin", "0"]) == 0
    assert capsys.readouterr().out == f"{mask}: 16.7% is tissue\n"
    # The median of the measure cuts corners by a few pixels.
    assert tifffile.imread(mask).sum() == pytest.approx(20000, abs=40)
    assert main(["tissue", str(slide), str(outlines)]) == 0
    (feature,) = json.loads(outlines.read_text())["features"]
    assert feature["properties"]["classification"]["name"] == "Tissue"


def test_mistakes(slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tissue", str(slide), str(tmp_path / "a.png")]) == 2
    assert "must end in .tif or .geojson" in capsys.readouterr().err
    assert main(["tissue", str(slide), str(slide)]) == 2
    assert "exists; choose another name" in capsys.readouterr().err
    assert main(["tissue", str(slide), str(tmp_path / "a.tif"), "--margin", "-1"]) == 2
    assert "must not be negative" in capsys.readouterr().err

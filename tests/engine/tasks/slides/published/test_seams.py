"""The task seams on a picture: what it writes, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import Tensor, nn

from wholefield.cli.commands import main
from wholefield.errors import SettingError
from wholefield.networks.opening import Gives, PublishedCard, published
from wholefield.runs.control import Control
from wholefield.runs.reports import Message, Report
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.published import seams
from wholefield.tasks.slides.published.seams import measure_seams
from wholefield.tasks.slides.published.seams_settings import SeamsSettings

PIXELS = np.random.default_rng(5).integers(0, 256, (45, 62, 3), np.uint8)


class Halves(nn.Module):
    """Takes even sizes only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, channels, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        low: Tensor = nn.functional.interpolate(nn.functional.max_pool2d(y, 2), scale_factor=2.0)
        return y + low


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SeamsSettings]:
    """Settings of a picture and a model; what the model gives can be chosen."""

    def made(gives: Gives = Gives.IMAGE, channels: int = 3, **more: Any) -> SeamsSettings:
        tifffile.imwrite(tmp_path / "slide.tif", PIXELS, photometric="rgb")
        (tmp_path / "net.pt2").touch()
        torch.manual_seed(3)
        about = PublishedCard("test", "net", 2, 3, gives, channels)
        network = Halves(channels)
        monkeypatch.setattr(seams, "open_model", lambda path: published(path, network, about))
        given = {"tile_size": 17, "pad": 1, **more}
        return SeamsSettings(slide=tmp_path / "slide.tif", checkpoint=tmp_path / "net.pt2", **given)

    return made


def ignored(report: Report) -> None:
    del report


@pytest.mark.parametrize(
    ("gives", "unit"),
    [(Gives.IMAGE, "gray levels"), (Gives.CLASSES, "probability"), (Gives.MAPS, "values")],
)
def test_plain_tiles_have_seams_and_streaming_has_none(
    settings: Callable[..., SeamsSettings], gives: Gives, unit: str
) -> None:
    found = measure_seams(settings(gives), ignored, Control())
    tiles, windows, streamed = found.differences
    assert found.unit == unit
    assert (found.tile, tiles.name) == (16, "Plain tiles, 2 px context")
    # Sides are rounded down to what the network takes.
    assert found.area == Rect(0, 0, 62, 44)
    assert tiles.map.shape == (44, 62)
    assert tiles.share > 0.01
    assert windows.maximum > 10 * streamed.maximum
    assert streamed.share == 0


def test_the_files_say_what_was_measured(settings: Callable[..., SeamsSettings], tmp_path: Path) -> None:
    given = settings(region="10,6,40,30", tolerance=2.0)
    words = ["seams", str(given.slide), "--checkpoint", str(given.checkpoint), "--region", "10,6,40,30"]
    words += ["--tile-size", "16", "--pad", "2", "--tolerance", "2", "--out", str(tmp_path / "runs")]
    assert main(words) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    numbers = json.loads((folder / "seams.json").read_text(encoding="utf-8"))
    assert numbers["region"] == [10, 6, 40, 30]
    assert [way["tolerance"] for way in numbers["ways"]] == [2.0] * 3
    assert all(sum(way["histogram"]["counts"]) == 30 * 40 for way in numbers["ways"])
    largest = max(range(3), key=lambda k: numbers["ways"][k]["maximum"])
    for k in range(3):
        pixels = np.asarray(Image.open(folder / f"seams_{k + 1}.png"))
        assert pixels.shape == (30, 40, 3)
        assert bool((pixels == (252, 255, 164)).all(-1).any()) == (k == largest)
    page = (folder / "seams.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == page.count("<svg") == 3
    assert "Blended windows, 25% overlap" in page


def test_reports_say_the_figures(settings: Callable[..., SeamsSettings], tmp_path: Path) -> None:
    from wholefield.runs.folder import RunFolder

    given, reports = settings(), list[Report]()
    seams.seams_into(given, RunFolder.create(tmp_path / "runs", given), reports.append, Control())
    texts = [report.text for report in reports if isinstance(report, Message)]
    assert [text.split(":")[0] for text in texts][-1] == "Streamed"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"region": "1,2,3"}, "four whole numbers"),
        ({"region": "0,0,5000,8"}, "sides from 1 to 4096"),
        ({"region": "40,0,30,8"}, "beyond the 62 x 45 pixels"),
        ({"region": "0,0,1,8"}, "smaller than the stride"),
        ({"tile_size": 1}, "at least 2, the stride"),
        ({"gives": Gives.VECTOR}, "no map of a slide"),
    ],
)
def test_what_cannot_be_measured(
    settings: Callable[..., SeamsSettings], more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingError, match=sentence):
        measure_seams(settings(**more), ignored, Control())


def test_frozen_statistics_stand_beside_those_of_the_image(
    settings: Callable[..., SeamsSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4), nn.Conv2d(4, 3, 1))
    given = settings()
    about = PublishedCard("test", "net", 2, 3, Gives.MAPS, 3)
    monkeypatch.setattr(seams, "open_model", lambda path: published(path, network, about))
    streamed, frozen = measure_seams(given, ignored, Control()).differences[-2:]
    assert (streamed.name, streamed.share) == ("Streamed", 0)
    assert frozen.name == "Streamed, statistics of 17 px in the middle"
    assert frozen.share > 0.5

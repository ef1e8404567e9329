"""The map of a view: its middle first, all of it at once where it is new, and a share of the time from then on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from wholefield.networks import freeze_normalization, unet
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import RegionPredicted, Report
from wholefield.sources import Rect, SlideImage, open_image
from wholefield.tasks.slides.strokes import live_map
from wholefield.tasks.slides.strokes.live_map import LiveMap, blocks_of
from wholefield.tasks.slides.strokes.regions import RegionPredictor
from wholefield.tasks.slides.strokes.requests import View, ViewRequests, request_view


class Clock:
    """Every look at it takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def predictor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RegionPredictor]:
    monkeypatch.setattr(live_map, "BLOCK", 16)
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    torch.manual_seed(0)
    with open_image(tmp_path / "a.tif") as source:
        image = SlideImage(source, mean=(0.5,), std=(0.25,))
        yield RegionPredictor(freeze_normalization(unet(1, 3, width=2, depth=1)), image)


def test_blocks_cover_the_view_from_its_middle_on(predictor: RegionPredictor) -> None:
    blocks = blocks_of(predictor, View(Rect(-100, -100, 500, 500)))
    assert len(blocks) == 12
    assert sum(block.width * block.height for block in blocks) == 40 * 60
    assert blocks_of(predictor, View(Rect(17, 17, 10, 10))) == [Rect(16, 16, 16, 16)]
    assert blocks_of(predictor, View(Rect(30, 20, 30, 5)))[0] == Rect(32, 16, 16, 16)
    assert blocks_of(predictor, View(Rect(100, 0, 10, 10))) == []


def test_a_new_view_is_shown_whole_and_then_in_turn(predictor: RegionPredictor, tmp_path: Path) -> None:
    reports: list[Report] = []
    polls: list[int] = []
    live = LiveMap(
        predictor, ViewRequests(RunFolder(tmp_path)), reports.append, lambda: polls.append(1), Clock()
    )
    live.work(9)
    assert not reports, "nothing is looked at"
    request_view(RunFolder(tmp_path), View(Rect(0, 0, 60, 40), 2.0))
    live.work(1)
    assert not reports, "there is nothing to see yet"
    live.work(9)
    assert len(reports) == len(polls) == 12
    for _ in range(4):
        live.work(10)
    assert len(reports) == 12, "the training makes up for it"
    for _ in range(40):
        live.work(11)
    assert 12 < len(reports) < 12 + 40
    request_view(RunFolder(tmp_path), None)
    live.work(12)
    count = len(reports)
    for _ in range(9):
        live.work(13)
    assert len(reports) == count


def test_a_block_is_what_the_network_says(predictor: RegionPredictor, tmp_path: Path) -> None:
    reports: list[Report] = []
    request_view(RunFolder(tmp_path), View(Rect(20, 20, 4, 4), 2.5))
    control = Control()
    LiveMap(predictor, ViewRequests(RunFolder(tmp_path)), reports.append, control.poll, Clock()).work(9)
    (found,) = reports
    assert isinstance(found, RegionPredicted)
    assert (Rect(*found.box), found.step) == (Rect(16.0, 16.0, 16.0, 16.0), 9)
    with torch.no_grad():
        whole = predictor.network(predictor.image.read(((0, 40), (0, 60))))[0].double().softmax(0)
    chances, classes = whole[:, 16:32:2, 16:32:2].max(0)
    np.testing.assert_array_equal(found.classes, classes.numpy())
    np.testing.assert_allclose(found.confidence, 255 * chances.numpy(), atol=0.51)

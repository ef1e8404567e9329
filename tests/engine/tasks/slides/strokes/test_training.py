"""Training from strokes: it learns, shows its map, takes up new strokes, goes on, and its model predicts the slide."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
import torch
from torch.nn import functional

from wholefield.cli.commands import main
from wholefield.labels import Annotations, LabelClasses, Shape, rectangle, write_geojson
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    EpochDone,
    Failed,
    Finished,
    Message,
    RegionPredicted,
    Report,
    StrokesJudged,
    ignore,
)
from wholefield.sources import Rect
from wholefield.tasks.registry import run_task
from wholefield.tasks.slides.predict import predict_slide
from wholefield.tasks.slides.results.class_map import SegmentedSlide
from wholefield.tasks.slides.settings import PredictSettings
from wholefield.tasks.slides.strokes.requests import View, request_view
from wholefield.tasks.slides.strokes.settings import StrokesSettings
from wholefield.tasks.slides.strokes.training import balanced_cross_entropy
from wholefield.training.checkpoints import card_of

SIDE = 96


@pytest.fixture
def truth() -> npt.NDArray[np.bool_]:
    """Two bright squares."""
    found = np.zeros((SIDE, SIDE), bool)
    found[10:50, 8:44] = found[56:90, 50:90] = True
    return found


@pytest.fixture(params=["uint8", "uint16", "float32"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, truth: npt.NDArray[np.bool_]) -> StrokesSettings:
    """A noisy image of two channels and strokes on it."""
    random = np.random.default_rng(0)
    values = random.normal(0.3, 0.05, (2, SIDE, SIDE)) + 0.3 * truth
    largest = 1 if request.param == "float32" else 250
    pixels = (values * largest).clip(0, largest).astype(request.param)
    if request.param == "float32":
        pixels[0, 12, 12] = np.nan
    tifffile.imwrite(tmp_path / "slide.tif", pixels, metadata={"axes": "CYX"})
    classes = LabelClasses()
    ground, cell = classes.add("ground").value, classes.add("cell").value
    shapes = Annotations()
    for at, value in (
        ((2, 2, 90, 4), ground),
        ((60, 10, 20, 8), ground),
        ((12, 12, 20, 4), cell),
        ((60, 60, 9, 9), cell),
    ):
        shapes.add(Shape(rectangle(*at), value))
    write_geojson(tmp_path / "strokes.geojson", shapes, classes)
    return StrokesSettings(
        slide=tmp_path / "slide.tif", strokes=tmp_path / "strokes.geojson", width=4, depth=1, crop_size=32,
        crops_per_epoch=16, batch_size=4, epochs=6, validation_fraction=0.5, learning_rate=1e-2, warm_up_steps=2,
    )  # fmt: skip


def run(settings: StrokesSettings, folder: Path) -> list[Report]:
    folder.mkdir()
    request_view(RunFolder(folder), View(Rect(0, 0, SIDE, SIDE)))
    reports: list[Report] = []
    end = run_task(settings, folder, reports.append, Control())
    assert isinstance(end, Finished), end
    return reports


def test_it_learns_shows_its_map_and_predicts(
    settings: StrokesSettings, tmp_path: Path, truth: npt.NDArray[np.bool_]
) -> None:
    reports = run(settings, tmp_path / "run")
    judged = [report for report in reports if isinstance(report, StrokesJudged)]
    assert len(judged) == 6
    assert (judged[0].judged, judged[0].held_out, judged[0].training) == (2, 2, 2)
    assert judged[-1].table.sum() == 160 + 81
    metrics = next(report for report in reversed(reports) if isinstance(report, EpochDone)).metrics
    assert metrics["validation_dice"] > 0.95
    card = card_of(tmp_path / "run" / "last.ckpt")
    assert card.names == ("ground", "cell")
    assert card.values == (1, 2)
    assert all(each.color for each in card.classes)
    blocks = [report for report in reports if isinstance(report, RegionPredicted)]
    assert Rect(*blocks[0].box) == Rect(0.0, 0.0, SIDE, SIDE)
    assert blocks[-1].classes.shape == blocks[-1].confidence.shape == (SIDE, SIDE)
    found = predict_slide(
        PredictSettings(slide=settings.slide, checkpoint=tmp_path / "run" / "last.ckpt", tile_size=32),
        ignore, Control(),
    )  # fmt: skip
    assert isinstance(found, SegmentedSlide)
    assert (np.asarray(found.map.levels[0]) == truth).mean() > 0.9


@pytest.mark.parametrize("settings", ["uint8"], indirect=True)
def test_new_strokes_join_the_running_training(settings: StrokesSettings, tmp_path: Path) -> None:
    strokes, texts = settings.strokes, list[str]()

    def report(item: Report) -> None:
        if isinstance(item, EpochDone) and item.epoch == 1:
            text = strokes.read_text()
            more = text.replace('"features": [', '"features": [' + FEATURE + ",")
            strokes.write_text(more)
            os.utime(strokes, (1, 1))
        if isinstance(item, StrokesJudged):
            texts.append(f"{item.training}+{item.held_out}")
        if isinstance(item, Message):
            texts.append(item.text)

    (tmp_path / "run").mkdir()
    run_task(settings, tmp_path / "run", report, Control())
    assert texts.index("2+2") < texts.index("3+2")
    assert "3 strokes train, 2 are held out for validation." in texts
    parts = {file.use: file.part for file in card_of(tmp_path / "run" / "last.ckpt").data}
    assert parts == {"training": "3 strokes", "validation": "2 strokes"}


FEATURE = (
    '{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[70,70],[75,70],[75,75],[70,70]]]},'
    ' "properties": {"classification": {"name": "cell"}}}'
)


@pytest.mark.parametrize("settings", ["uint8"], indirect=True)
def test_the_command_line_trains_from_geojson(settings: StrokesSettings, tmp_path: Path) -> None:
    words = [
        "train", "segment-strokes", str(settings.slide), "--strokes", str(settings.strokes), "--epochs", "1",
        "--crops-per-epoch", "2", "--crop-size", "16", "--width", "2", "--depth", "1", "--out", str(tmp_path / "runs"),
    ]  # fmt: skip
    assert main(words) == 0
    (made,) = (tmp_path / "runs").iterdir()
    assert (made / "last.ckpt").exists()


@pytest.mark.parametrize("settings", ["uint8"], indirect=True)
def test_a_level_that_is_not_there_is_refused(settings: StrokesSettings, tmp_path: Path) -> None:
    end = run_task(replace(settings, level=3), tmp_path / "run", ignore, Control())
    assert isinstance(end, Failed)
    assert "has levels up to 0" in end.message


def test_every_class_counts_the_same_in_the_loss() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    wanted = torch.tensor([-100, 0, 0, 2]).repeat(10).reshape(2, 4, 5)
    pixels = functional.cross_entropy(logits, wanted.clamp(min=0), reduction="none")
    expected = (pixels[wanted == 0].mean() + pixels[wanted == 2].mean()) / 2
    torch.testing.assert_close(balanced_cross_entropy(logits, wanted), expected, rtol=1e-12, atol=0)
    nothing = balanced_cross_entropy(logits, torch.full_like(wanted, -100))
    nothing.backward()
    assert logits.grad is not None
    assert float(nothing.detach()) == float(logits.grad.abs().sum()) == 0

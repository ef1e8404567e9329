"""Tiny segmentation runs: they learn, go on where they stopped, predict alike in any tiles."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    EpochDone,
    Failed,
    Finished,
    Message,
    PartDone,
    Reason,
    Report,
    Started,
    StepDone,
    ignore,
)
from wholefield.tasks.registry import run_task
from wholefield.tasks.slides.models.segmenter import load_segmenter
from wholefield.tasks.slides.predict import CLASS_IMAGE, CLASS_OUTLINES, predict_slide
from wholefield.tasks.slides.results.class_map import SegmentedSlide
from wholefield.tasks.slides.segment import class_names, mean_dice
from wholefield.tasks.slides.settings import PredictSettings, SegmentSettings
from wholefield.training.checkpoints import card_of
from wholefield.training.settings import Augmentation, ClassWeighting

Trained = tuple[RunFolder, list[Report]]


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four grey 16-bit images with bright discs, numbered one by one in their masks, and a strip to ignore."""
    folder = tmp_path_factory.mktemp("cells")
    random = np.random.default_rng(0)
    y, x = np.indices((90, 117))
    lines = ["file,mask"]
    for index in range(4):
        mask = np.zeros((90, 117), np.uint16)
        for number, (cy, cx) in enumerate(random.integers(0, 90, (9, 2)), start=1):
            mask[(y - cy) ** 2 + (x - cx) ** 2 < 64] = number
        image = (mask > 0) * 900 + random.integers(300, 1200, mask.shape)
        mask[:, -5:] = 999
        tifffile.imwrite(folder / f"{index}.tif", image.astype(np.uint16), tile=(32, 32))
        tifffile.imwrite(folder / f"{index}_mask.tif", mask, tile=(32, 32))
        lines.append(f"{index}.tif,{index}_mask.tif")
    (folder / "masks.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def config(slides: Path) -> SegmentSettings:
    return SegmentSettings(
        slides=slides,
        masks=slides / "masks.csv",
        binarize_labels=True,
        ignore_label="999",
        tile_size=40,
        width=6,
        depth=2,
        epochs=12,
        learning_rate=5e-3,
    )


def run(config: SegmentSettings, folder: Path, stop_at: int | None = None) -> list[Report]:
    """All reports of a run that is stopped and kept after a step."""
    reports: list[Report] = []
    control = Control()

    def report(item: Report) -> None:
        reports.append(item)
        if isinstance(item, StepDone) and item.step == stop_at:
            control.stop_and_keep()

    run_task(config, folder, report, control)
    return reports


@pytest.fixture(scope="module")
def trained(slides: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = RunFolder(tmp_path_factory.mktemp("run") / "run")
    config = SegmentSettings(
        slides=slides, masks=slides / "masks.csv", binarize_labels=True, ignore_label="999", tile_size=40, width=6,
        depth=2, epochs=12, learning_rate=5e-3,
    )  # fmt: skip
    return folder, run(config, folder.path)


def segmented(config: PredictSettings) -> SegmentedSlide:
    """The prediction of a segmenter."""
    found = predict_slide(config, ignore, Control())
    assert isinstance(found, SegmentedSlide)
    return found


def test_learns(trained: Trained) -> None:
    folder, reports = trained
    assert reports[-1] == Finished(folder.path, Reason.COMPLETED)
    started = next(report for report in reports if isinstance(report, Started))
    assert started == Started("segment", folder.path, 36, 12, ("background", "foreground"))
    assert [r.done for r in reports[:4] if isinstance(r, PartDone)] == [1, 2, 3, 4]
    epochs = [report for report in reports if isinstance(report, EpochDone)]
    assert epochs[-1].metrics["validation_dice"] > 0.8
    assert epochs[-1].metrics["validation_loss"] < 0.6 * epochs[0].metrics["validation_loss"]


def test_says_how_rare_the_classes_are(trained: Trained, slides: Path) -> None:
    (text,) = [r.text for r in trained[1] if isinstance(r, Message) and "Shares" in r.text]
    foreground = np.mean([tifffile.imread(slides / f"{i}_mask.tif")[:, :-5] > 0 for i in range(4)])
    assert f"foreground {foreground:.1%}" in text


def test_predicts_alike_in_any_tiles(trained: Trained, slides: Path) -> None:
    folder, _ = trained
    found = []
    for tile in (16, 33, 500):
        prediction = segmented(
            PredictSettings(slide=slides / "0.tif", checkpoint=folder.best, tile_size=tile)
        )
        assert prediction.size == (117, 90)
        assert prediction.classes == ("background", "foreground")
        found.append(prediction.map.levels[0])
    assert found[0].shape == (90, 117)
    for other in found[1:]:
        # A pixel that lies between the classes may fall to either side by rounding.
        assert np.count_nonzero(other != found[0]) <= 1
    np.testing.assert_allclose(prediction.probabilities[1], (found[2] == 1).mean())
    mask = tifffile.imread(slides / "0_mask.tif")[:, :-5] > 0
    cells = found[2][:, :-5] == 1
    assert 2 * (cells & mask).sum() / (cells.sum() + mask.sum()) > 0.8


@pytest.mark.parametrize("tile", [64, 256])
def test_probabilities_of_a_trained_network_do_not_depend_on_the_tiles(trained: Trained, tile: int) -> None:
    torch.manual_seed(0)
    image = torch.nn.functional.interpolate(torch.randn(1, 1, 45, 60), (301, 387)) + torch.randn(
        1, 1, 301, 387
    )
    with torch.no_grad():
        segmenter, _ = load_segmenter(trained[0].best, tile)
        whole = segmenter.network(image).softmax(1)
        tiled = segmenter.streamed(image).softmax(1)
    assert whole[:, 1].std() > 0.1
    assert (tiled - whole).abs().max() < 1e-5


def test_run_writes_image_and_outlines(trained: Trained, slides: Path, tmp_path: Path) -> None:
    config = PredictSettings(slide=slides / "1.tif", checkpoint=trained[0].best, tile_size=64)
    assert run_task(config, tmp_path / "run", ignore, Control()) == Finished(
        tmp_path / "run", Reason.COMPLETED
    )
    found = segmented(config).map
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "run" / CLASS_IMAGE), found.levels[0])
    features = json.loads((tmp_path / "run" / CLASS_OUTLINES).read_text())["features"]
    assert sum(f["properties"]["measurements"]["Area px^2"] for f in features) == found.counts[1]


def test_goes_on_as_if_never_stopped(config: SegmentSettings, tmp_path: Path) -> None:
    config = replace(
        config,
        epochs=3,
        crop_size=48,
        crops_per_slide=2,
        class_weighting=ClassWeighting.BALANCED,
        augmentation=Augmentation.FLIPS_AND_ROTATIONS,
        color_jitter=0.2,
        halo_memory=0,
    )

    def losses(reports: list[Report]) -> list[float]:
        return [report.loss for report in reports if isinstance(report, StepDone)]

    plain = losses(run(config, tmp_path / "plain"))
    parts = losses(run(config, tmp_path / "run", stop_at=8)) + losses(run(config, tmp_path / "run"))
    assert len(plain) == 18
    assert parts == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"depth": 0}, "depth is 0"),
        ({"masks": Path("/nowhere.csv")}, r"masks names /nowhere.csv"),
        ({"ignore_label": "0"}, "holds the single label 1 besides the ignored ones"),
        ({"names": "cells"}, "names has 1 names, but the masks hold 2 classes"),
    ],
)
def test_mistakes(config: SegmentSettings, tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    end = run(replace(config, **change), tmp_path / "run")[-1]
    assert isinstance(end, Failed)
    assert sentence in end.message


def test_classes_are_called_as_asked(config: SegmentSettings) -> None:
    assert class_names(config, (0, 1)) == ("background", "foreground")
    assert class_names(replace(config, binarize_labels=False), (0, 7, 255)) == ("0", "7", "255")
    assert class_names(replace(config, names="glass, cell ,dust"), (0, 1)) == ("glass", "cell", "dust")


def test_one_slide_for_both_is_said(config: SegmentSettings, slides: Path, tmp_path: Path) -> None:
    lines = ["file,mask,x,y,width,height", "0.tif,0_mask.tif,0,0,60,90", "0.tif,0_mask.tif,60,0,57,90"]
    table = tmp_path / "parts.csv"
    table.write_text("\n".join(lines) + "\n")
    reports = run(replace(config, masks=table, epochs=1), tmp_path / "run")
    assert isinstance(reports[-1], Finished)
    assert any(isinstance(r, Message) and "belong to one slide" in r.text for r in reports)


def test_another_depth_cannot_go_on(config: SegmentSettings, tmp_path: Path) -> None:
    run(config, tmp_path / "run", stop_at=1)
    end = run(replace(config, depth=3), tmp_path / "run")[-1]
    assert isinstance(end, Failed)
    assert "started with another depth (2)" in end.message


def test_dice_is_the_mean_over_the_classes_that_occur() -> None:
    table = torch.tensor([[50, 2, 0, 0], [4, 20, 1, 0], [0, 3, 7, 0], [0, 0, 0, 0]])
    first, second = 2 * 20 / (25 + 25), 2 * 7 / (10 + 8)
    assert mean_dice(table) == pytest.approx((first + second) / 2)
    assert mean_dice(torch.tensor([[5, 0], [0, 0]])) == 1.0
    assert mean_dice(torch.tensor([[5, 3], [0, 0]])) == 0.0


def test_masks_of_paint_programs_and_pixels_that_are_not_numbers(tmp_path: Path) -> None:
    """0 and 255 as gray, as colors and as a palette beside the table; and a float slide with a border of nothing."""
    random = np.random.default_rng(0)
    folder = tmp_path / "slides"
    folder.mkdir()
    lines = ["file,mask"]
    for index, kind in enumerate(("gray", "colors", "palette", "float")):
        mask = np.zeros((64, 64), np.uint8)
        mask[16:40, 20:50] = 255
        image = random.uniform(0, 0.3, (64, 64)).astype(np.float32) + (mask > 0) * 0.5
        image[:, :5] = np.nan
        tifffile.imwrite(folder / f"{index}.tif", image.astype(np.float32))
        if kind == "colors":
            Image.fromarray(np.stack([mask] * 3, -1)).save(tmp_path / f"{index}.png")
        elif kind == "palette":
            colored = Image.frombytes("P", (64, 64), mask.tobytes())
            colored.putpalette([9, 9, 200] * 255 + [250, 3, 3])
            colored.save(tmp_path / f"{index}.png")
        elif kind == "gray":
            Image.fromarray(mask).save(tmp_path / f"{index}.png")
        else:
            tifffile.imwrite(tmp_path / f"{index}.tif", mask.astype(np.float32))
        lines.append(f"{index}.tif,{index}.{'tif' if kind == 'float' else 'png'}")
    (tmp_path / "masks.csv").write_text("\n".join(lines))
    config = SegmentSettings(
        slides=folder, masks=tmp_path / "masks.csv", tile_size=64, width=4, depth=1, epochs=1
    )
    reports = run(config, tmp_path / "run")
    assert isinstance(reports[-1], Finished), reports[-1]
    card = card_of(RunFolder(tmp_path / "run").best)
    assert (card.names, card.values) == (("0", "255"), (0, 255))
    texts = [report.text for report in reports if isinstance(report, Message)]
    assert any(text.startswith(f"{4 * 64 * 5:,} pixels of the slides are not numbers") for text in texts)
    assert "Label values become classes in ascending order: 0 is class 0, 255 is class 1." in texts
    losses = [report.loss for report in reports if isinstance(report, StepDone)]
    assert np.isfinite(losses).all()

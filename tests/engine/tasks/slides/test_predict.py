"""Prediction of a slide: probabilities and maps agree with the plain network, and lie where they should."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from wholefield.networks import SmallCNN, small_cnn
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Direction, Finished, Level, Message, Reason, Report, TileDone, ignore
from wholefield.sources import open_image
from wholefield.tasks.registry import run_task
from wholefield.tasks.slides.predict import predict_slide
from wholefield.tasks.slides.results.prediction import PREDICTION, SlidePrediction
from wholefield.tasks.slides.settings import PredictSettings
from wholefield.training.checkpoints import CARD, PREFIX
from wholefield.training.model_card import ClassCard, InputCard, ModelCard

CARD_VALUES = ModelCard(
    "classify",
    "small_cnn",
    {"head": "average"},
    tuple(map(ClassCard, "abc")),
    InputCard(3, 0, (0.5, 0.5), "um", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
)


@pytest.fixture(scope="module")
def network() -> SmallCNN:
    torch.manual_seed(4)
    network = small_cnn(num_classes=3).eval()
    torch.nn.init.normal_(network.head.fc.weight, std=0.1)
    return network


@pytest.fixture(scope="module")
def checkpoint(network: SmallCNN, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "best.ckpt"
    state = {PREFIX + name: value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state, CARD: CARD_VALUES.to_plain()}, path)
    return path


@pytest.fixture
def config(slides: Path, checkpoint: Path) -> PredictSettings:
    return PredictSettings(slide=slides / "red1.tif", checkpoint=checkpoint, tile_size=50)


def predicted(config: PredictSettings) -> SlidePrediction:
    """The prediction of a classifier."""
    found = predict_slide(config, ignore, Control())
    assert isinstance(found, SlidePrediction)
    return found


@pytest.mark.parametrize("level", [0, 1])
def test_equals_the_plain_network(config: PredictSettings, network: SmallCNN, level: int) -> None:
    prediction = predicted(replace(config, level=level))
    with open_image(config.slide) as source:
        size = source.levels[level]
        pixels = source.read_region(level, 0, 0, size.width, size.height)
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].double() / 255 * 4 - 2
    with torch.no_grad():
        features = network.double().features(image)
        probabilities = network.head(features).softmax(1)[0]
        maps = network.head.class_map(features).softmax(1)[0]
    network.float()
    np.testing.assert_allclose(prediction.probabilities, probabilities, atol=1e-5)
    np.testing.assert_allclose(prediction.maps, maps, atol=1e-5)
    assert prediction.maps.dtype == np.float32
    assert prediction.classes == ("a", "b", "c")
    assert prediction.winner == "abc"[int(probabilities.argmax())]


def test_a_bright_spot_shows_where_it_lies(
    config: PredictSettings, tmp_path: Path, network: SmallCNN
) -> None:
    """The map changes around the spot alone, and its cells there enclose the spot."""
    plain = np.full((700, 800, 3), 200, np.uint8)
    marked = plain.copy()
    marked[300:316, 520:536] = (20, 200, 20)
    changed = []
    for name, image in (("plain", plain), ("marked", marked)):
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, image, photometric="rgb", tile=(128, 128))
        changed.append(predicted(replace(config, slide=path, tile_size=256)))
    difference = np.abs(changed[1].maps - changed[0].maps).sum(0)
    x, y, width, height = changed[1].box
    rows, columns = np.indices(difference.shape)
    centre_y = y + (((rows + 0.5) * difference).sum() / difference.sum()) * height / difference.shape[0]
    centre_x = x + (((columns + 0.5) * difference).sum() / difference.sum()) * width / difference.shape[1]
    cell = width / difference.shape[1]
    assert abs(centre_y - 308) < cell / 2
    assert abs(centre_x - 528) < cell / 2


def test_box_of_a_coarser_level_is_in_pixels_of_level_0(config: PredictSettings) -> None:
    fine = predicted(config).box
    coarse = predicted(replace(config, level=1)).box
    assert coarse[2] == pytest.approx(fine[2], rel=0.35)
    assert coarse[0] == pytest.approx(2 * fine[0], rel=0.1)


def test_reports_forward_tiles_only(config: PredictSettings) -> None:
    reports: list[Report] = []
    predict_slide(config, reports.append, Control())
    tiles = [report for report in reports if isinstance(report, TileDone)]
    assert [tile.index for tile in tiles] == [(y, x) for y in range(3) for x in range(3)]
    assert {tile.sweep for tile in tiles} == {Direction.FORWARD}
    assert {tile.slide for tile in tiles} == {config.slide}


def test_warns_of_another_pixel_size(config: PredictSettings) -> None:
    reports: list[Report] = []
    predict_slide(replace(config, level=1), reports.append, Control())
    (warning,) = [report for report in reports if isinstance(report, Message)]
    assert warning.level is Level.WARNING
    assert "red1.tif has 0.99" in warning.text or "red1.tif has 1 um" in warning.text


def test_run_saves_the_prediction(config: PredictSettings, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, config)
    assert run_task(config, folder.path, ignore, Control()) == Finished(folder.path, Reason.COMPLETED)
    saved = SlidePrediction.load(folder.path / PREDICTION)
    expected = predicted(config)
    np.testing.assert_array_equal(saved.maps, expected.maps)
    assert (saved.slide, saved.classes, saved.box) == (config.slide, expected.classes, expected.box)


def test_can_be_discarded_between_tiles(config: PredictSettings, tmp_path: Path) -> None:
    control = Control()
    seen: list[TileDone] = []

    def report(item: Report) -> None:
        if isinstance(item, TileDone):
            seen.append(item)
            control.discard()

    end = run_task(config, tmp_path / "run", report, control)
    assert end == Finished(tmp_path / "run", Reason.DISCARDED)
    assert len(seen) == 1
    assert not (tmp_path / "run").exists()


def test_diverged_checkpoint_is_told(config: PredictSettings, tmp_path: Path) -> None:
    content = torch.load(config.checkpoint, weights_only=True)
    content["state_dict"] = {name: value * float("nan") for name, value in content["state_dict"].items()}
    torch.save(content, tmp_path / "nan.ckpt")
    from wholefield.errors import WholefieldError

    with pytest.raises(WholefieldError, match="its training diverged"):
        predict_slide(replace(config, checkpoint=tmp_path / "nan.ckpt"), ignore, Control())


def test_skipped_background_is_the_color_of_the_glass(config: PredictSettings, tmp_path: Path) -> None:
    """Gray dirt on the glass is not seen any more; else nothing changes."""
    clean = np.full((512, 640, 3), 240, np.uint8)
    clean[200:300, 200:330] = np.random.default_rng(3).integers((150, 60, 90), (220, 120, 160), (100, 130, 3))
    dirty = clean.copy()
    dirty[20:40, 500:560] = 90
    found = {}
    for name, pixels in (("clean", clean), ("dirty", dirty)):
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, photometric="rgb")
        for skip in (False, True):
            there = replace(config, slide=tmp_path / f"{name}.tif", tile_size=64, skip_background=skip)
            found[name, skip] = predicted(there)
    for name in ("clean", "dirty"):
        assert found[name, True].maps == pytest.approx(found["clean", False].maps, abs=1e-5)
        assert found[name, True].probabilities == pytest.approx(found["clean", False].probabilities, abs=1e-5)
    assert np.abs(found["dirty", False].maps - found["clean", False].maps).max() > 1e-3

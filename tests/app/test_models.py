"""Models that are opened in the window: read in the background, offered where they fit, remembered, used."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tifffile
import torch
from pytestqt.qtbot import QtBot
from torch import nn

from tests.app.spaces import slides_of, stacks_of
from tests.engine.networks.opening.evil import Evil
from tests.there import a
from wholefield.networks import unet
from wholefield.networks.msd.network import MSDNetwork
from wholefield.tasks.slides.published.settings import ApplySettings
from wholefield_app.document.document import Role
from wholefield_app.runs import SessionState
from wholefield_app.window.main_window import MainWindow


@pytest.fixture
def segmenter(tmp_path: Path) -> Path:
    path = tmp_path / "tissue.pth"
    torch.save(unet(3, 2, width=4, depth=1).state_dict(), path)
    return path


@pytest.fixture
def restorer(tmp_path: Path) -> Path:
    path = tmp_path / "sharper.pt2"
    network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)).eval()
    dynamic = ({2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO},)
    torch.export.save(torch.export.export(network, (torch.rand(1, 3, 16, 17),), dynamic_shapes=dynamic), path)
    return path


def opened(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    """Open as if the file had been dropped, and wait."""
    with qtbot.waitSignal(window.services.models.opened):
        window.open(path)


def test_a_dropped_model_is_offered_with_its_card(window: MainWindow, qtbot: QtBot, segmenter: Path) -> None:
    opened(window, qtbot, segmenter)
    panel = slides_of(window).prediction_panel
    assert panel.checkpoint == segmenter
    assert dict(panel.card.lines)["network"] == "U-Net"
    assert not panel.card.isHidden()
    assert window.services.models.recent == (segmenter,)
    assert window.services.models.line == ""
    panel.models.list.setCurrentIndex(-1)
    assert panel.card.isHidden()


def test_a_model_goes_where_its_data_is(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    MSDNetwork(1, 1, depth=2).save(tmp_path / "net.torch", 1)
    opened(window, qtbot, tmp_path / "net.torch")
    assert window.workspace.name == "stacks"


def test_a_published_segmenter_predicts_into_the_view(
    window: MainWindow, qtbot: QtBot, segmenter: Path, make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
) -> None:  # fmt: skip
    open_and_wait(make_slide("slide.tif", 60))
    opened(window, qtbot, segmenter)
    space = slides_of(window)
    for skip in (True, False):
        space.prediction_panel.skip_background.setChecked(skip)
        assert a(ApplySettings, space.predict_settings()).skip_background is skip
    space.predict()
    qtbot.waitUntil(lambda: space.prediction.segmentation is not None)
    qtbot.waitUntil(lambda: space.prediction.state is SessionState.IDLE)
    found = space.prediction.segmentation
    assert found is not None
    assert found.map.counts.sum() == 60 * 60


def test_what_restores_opens_the_image_that_it_made(
    window: MainWindow, qtbot: QtBot, restorer: Path, make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
) -> None:  # fmt: skip
    open_and_wait(make_slide("slide.tif", 60))
    opened(window, qtbot, restorer)
    space = slides_of(window)
    if "streams" in dict(space.prediction_panel.card.lines) and (
        dict(space.prediction_panel.card.lines)["streams"] == "no"
    ):
        pytest.skip("programs of torch.export cannot be traced by this version of the tracer")
    space.predict()
    qtbot.waitUntil(lambda: space.document.path is not None and space.document.path.name == "result.ome.tif")
    assert tifffile.imread(space.document.path).shape == (120, 120, 3)


def test_a_malicious_file_is_a_sentence(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    torch.save({"state_dict": Evil(tmp_path)}, tmp_path / "evil.pth")
    window.open(tmp_path / "evil.pth")
    qtbot.waitUntil(lambda: not window.banner.isHidden())
    assert "evil.pth" in window.banner.sentence.text()
    assert "could run code" in window.banner.sentence.text()
    assert not (tmp_path / "ran").exists()
    assert window.services.models.recent == ()


def test_a_published_model_predicts_a_stack(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, open_and_wait: Callable[[Path], None]
) -> None:
    import numpy as np

    voxels = np.random.default_rng(1).integers(0, 200, (4, 20, 24), np.uint8)
    tifffile.imwrite(tmp_path / "scan.tif", voxels, photometric="minisblack")
    torch.save(unet(1, 2, axes=3, width=4, depth=1).state_dict(), tmp_path / "net.pth")
    open_and_wait(tmp_path / "scan.tif")
    opened(window, qtbot, tmp_path / "net.pth")
    space = stacks_of(window)
    space.predict()
    qtbot.waitUntil(lambda: Role.PREDICTION in space.document.things)
    qtbot.waitUntil(lambda: space.prediction.state is SessionState.IDLE)
    assert space.document.things[Role.PREDICTION].source.shape == voxels.shape

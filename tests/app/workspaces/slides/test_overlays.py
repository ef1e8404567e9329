from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.there import there
from wholefield.runs.reports import Direction, TileDone
from wholefield.tasks.slides.results.prediction import SlidePrediction
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.overlays import Overlays


@pytest.fixture
def overlays(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None]
) -> Overlays:
    open_and_wait(make_slide("a.tif", side=400))
    return slides_of(window).overlays


def predicted(slide: Path) -> SlidePrediction:
    maps = np.stack([np.full((4, 4), 0.1), np.full((4, 4), 0.9)]).astype(np.float32)
    return SlidePrediction(slide, ("plain", "rare"), np.array([0.3, 0.7], np.float32), maps, (0, 0, 400, 400))


def picture(window: MainWindow) -> bytes:
    # The bits belong to the image: without a name it would be gone before they are copied.
    image = slides_of(window).view.grab_view()
    return bytes(image.constBits())


def test_the_grid_follows_the_form_and_its_switch(window: MainWindow, overlays: Overlays) -> None:
    slides_of(window).draft.set(tile_size=128)
    small = picture(window)
    slides_of(window).draft.set(tile_size=512)
    large = picture(window)
    window.registry["slides.grid"].trigger()
    none = picture(window)
    assert len({small, large, none}) == 3
    assert not window.registry["slides.grid"].isChecked()
    window.registry["slides.grid"].trigger()
    assert picture(window) == large


def test_a_level_that_the_slide_lacks_uses_its_coarsest(window: MainWindow, overlays: Overlays) -> None:
    slides_of(window).draft.set(level=7)
    assert not window.banner.isVisible()


def test_the_map_of_a_prediction_is_laid_over_and_taken_away(window: MainWindow, overlays: Overlays) -> None:
    slide = there(slides_of(window).document.input).path
    plain = picture(window)
    overlays.set_result(predicted(slide), 1)
    rare = picture(window)
    overlays.set_result(predicted(slide), 0)
    assert len({plain, rare, picture(window)}) == 3
    overlays.show_map(False)
    panel = slides_of(window).layers_panel
    rows = {
        panel.list.item(row).text(): panel.list.item(row).checkState() for row in range(panel.list.count())
    }
    assert rows["Prediction map"] is Qt.CheckState.Unchecked
    hidden = picture(window)
    overlays.set_result(None, 0)
    assert picture(window) == plain == hidden


def test_only_tiles_of_the_open_slide_light_up(
    window: MainWindow, overlays: Overlays, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, slide = slides_of(window).view, there(slides_of(window).document.input).path
    shown: list[object] = []
    monkeypatch.setattr(view, "show_sweep", lambda sweep, box: shown.append((sweep, box)))
    box = ((10, 30), (100, 164))
    overlays.follow(
        [
            TileDone(Direction.FORWARD, (0, 0), (1, 1), box, slide),
            TileDone(Direction.FORWARD, (0, 0), (1, 1), box, slide.with_name("other.tif")),
        ]
    )
    assert shown == [(Direction.FORWARD, (100, 10, 64, 20))]


def test_lit_tiles_go_out_after_the_run_has_gone_on(
    window: MainWindow, overlays: Overlays, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    slide = there(slides_of(window).document.input).path
    cleared: list[bool] = []
    overlays._linger.timeout.connect(lambda: cleared.append(True))
    here = TileDone(Direction.FORWARD, (0, 0), (1, 1), ((0, 64), (0, 64)), slide)
    elsewhere = TileDone(Direction.FORWARD, (0, 0), (1, 1), ((0, 64), (0, 64)), slide.with_name("other.tif"))
    plain = picture(window)
    overlays.follow([here])
    assert not overlays._linger.isActive()
    assert picture(window) != plain
    overlays._linger.setInterval(20)
    overlays.follow([elsewhere])
    overlays.follow([here])
    assert not overlays._linger.isActive()
    overlays.follow([elsewhere, elsewhere])
    qtbot.waitUntil(lambda: bool(cleared))
    assert picture(window) == plain

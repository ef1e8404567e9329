import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPalette
from pytestqt.qtbot import QtBot

from tests.app.viewer.conftest import ArraySource
from tests.there import there
from wholefield.sources import ChannelDisplay, open_image
from wholefield.sources.slides.image import AnyArray
from wholefield_app.viewer.slides.view import SlideView

LEFT = Qt.MouseButton.LeftButton


def test_empty_it_invites_and_asks_for_an_image_when_clicked(view: SlideView, qtbot: QtBot) -> None:
    assert view.is_settled
    assert view.source is None
    with qtbot.waitSignal(view.open_requested):
        qtbot.mouseClick(view, LEFT, pos=QPoint(320, 240))
    shown = view.grab_view()
    colors = {shown.pixel(x, y) for x in range(120, 520, 3) for y in range(120, 360, 3)}
    assert len(colors) > 10


def test_at_100_percent_it_shows_the_pixels_of_the_file(
    view: SlideView,
    make_source: Callable[..., ArraySource],
    settle: Callable[[SlideView], None],
    rgb: Callable[[QImage], AnyArray],
) -> None:
    source = make_source(3000, 2000, 4)
    view.set_source(source)
    view.zoom_to(1.0)
    view.center_on(1500, 1000)
    settle(view)
    shown = rgb(view.grab_view())
    # The corners hold the overview and the scale bar.
    assert (shown[190:400, 50:450] == source.arrays[0][950:1160, 1230:1630]).all()


def test_the_cursor_tells_the_color_of_the_pixel(
    view: SlideView,
    make_source: Callable[..., ArraySource],
    settle: Callable[[SlideView], None],
    qtbot: QtBot,
) -> None:
    source = make_source(3000, 2000)
    view.set_source(source)
    view.zoom_to(2.0)
    settle(view)
    with qtbot.waitSignal(view.cursor_moved) as caught:
        qtbot.mouseMove(view, QPoint(301, 222))
    x, y, color = caught.args
    assert color == tuple(source.arrays[0][int(y), int(x)])
    view.fit()
    settle(view)
    with qtbot.waitSignal(view.cursor_moved) as caught:
        qtbot.mouseMove(view, QPoint(1, 1))
    assert caught.args[2] is None


def test_settled_is_signalled(view: SlideView, make_source: Callable[..., ArraySource], qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.settled):
        view.set_source(make_source(2000, 1500))
    assert view.is_settled


def test_another_source_ends_the_reading_of_the_last(
    view: SlideView, make_source: Callable[..., ArraySource], settle: Callable[[SlideView], None]
) -> None:
    first, second = make_source(2500, 2000), make_source(800, 600)
    view.set_source(first)
    settle(view)
    view.zoom_to(1.0)
    view.set_source(second)
    count = len(first.reads)
    settle(view)
    assert view.source is second
    assert len(first.reads) == count
    assert second.reads
    assert view.visible_rect().size().toTuple() == (800, 600)


def test_no_thread_lives_on_after_the_source_is_closed(
    view: SlideView, make_source: Callable[..., ArraySource], settle: Callable[[SlideView], None]
) -> None:
    before = threading.active_count()
    view.set_source(make_source(2000, 1500))
    assert threading.active_count() == before + 2
    settle(view)
    view.close_source()
    assert threading.active_count() == before
    assert view.source is None
    view.shutdown()


def test_closing_the_widget_ends_its_threads(qtbot: QtBot, make_source: Callable[..., ArraySource]) -> None:
    before = threading.active_count()
    widget = SlideView()
    qtbot.addWidget(widget)
    widget.set_source(make_source(2000, 1500))
    widget.close()
    assert threading.active_count() == before


def test_a_damaged_file_is_reported_once(
    view: SlideView, make_source: Callable[..., ArraySource], settle: Callable[[SlideView], None]
) -> None:
    source = make_source(3000, 2000)
    told: list[str] = []
    source.broken = {0}
    view.problem.connect(told.append)
    view.set_source(source)
    view.zoom_to(1.0)
    settle(view)
    assert told == ["memory is damaged; copy it again."]


def grid_of(view: SlideView) -> tuple[float, float]:
    grid = there(view._grid.grid)
    return grid.width, grid.height


def test_a_grid_of_a_coarser_level_is_drawn_in_its_pixels(
    view: SlideView, make_source: Callable[..., ArraySource]
) -> None:
    view.set_source(make_source(4000, 2000, 4))
    view.set_tile_grid(256, level=1)
    assert grid_of(view) == (1024, 1024)
    size: Any = np.int64(512)
    view.set_tile_grid((size, 256))
    assert grid_of(view) == (512, 256)
    view.set_tile_grid(size)
    assert grid_of(view) == (512, 512)
    view.set_tile_grid(None)
    assert view._grid.grid is None


def changed_area(before: AnyArray, after: AnyArray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((before != after).any(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_a_visited_tile_lights_up_in_its_place_and_the_timer_stops_when_it_has_faded(
    view: SlideView,
    make_source: Callable[..., ArraySource],
    settle: Callable[[SlideView], None],
    rgb: Callable[[QImage], AnyArray],
    qtbot: QtBot,
) -> None:
    now = [0.0]
    view._sweep._clock = lambda: now[0]
    view.set_source(make_source(3000, 2000))
    view.zoom_to(1.0)
    view.center_on(1500, 1000)
    settle(view)
    before = rgb(view.grab_view())[:400, :420]
    view.show_sweep("forward", (1300, 900, 100, 50))
    lit = rgb(view.grab_view())[:400, :420]
    left, top = 1300 - (1500 - 320), 900 - (1000 - 240)
    assert changed_area(before, lit) == (left, top, left + 100, top + 50)
    assert view._glow_timer.isActive()
    now[0] = 5.0
    qtbot.waitUntil(lambda: not view._glow_timer.isActive())
    faded = rgb(view.grab_view())[:400, :420]
    assert changed_area(before, faded) == (left, top, left + 100, top + 50)
    assert np.abs(faded.astype(int) - before).mean() < np.abs(lit.astype(int) - before).mean()
    view.clear_sweep()
    assert (rgb(view.grab_view())[:400, :420] == before).all()


def test_an_unknown_sweep_is_refused(view: SlideView) -> None:
    with pytest.raises(ValueError, match="sideways"):
        view.show_sweep("sideways", (0, 0, 10, 10))


def test_a_map_covers_the_image_with_its_opacity_and_can_be_hidden(
    view: SlideView,
    make_source: Callable[..., ArraySource],
    settle: Callable[[SlideView], None],
    rgb: Callable[[QImage], AnyArray],
) -> None:
    view.set_source(make_source(1000, 800))
    view.zoom_to(1.0)
    settle(view)
    area = np.s_[100:350, 50:400]
    plain = rgb(view.grab_view())[area].astype(float)
    view.set_map(np.zeros((8, 10)), colormap="gray", opacity=0.25)
    assert np.abs(rgb(view.grab_view())[area] - 0.75 * plain).max() <= 1.5
    view.set_map_opacity(1.0)
    assert (rgb(view.grab_view())[area] == 0).all()
    view.set_map_visible(False)
    assert (rgb(view.grab_view())[area] == plain).all()
    view.set_map_visible(True)
    view.set_map(None)
    assert (rgb(view.grab_view())[area] == plain).all()


def test_boxes_are_painted(
    view: SlideView,
    make_source: Callable[..., ArraySource],
    settle: Callable[[SlideView], None],
    rgb: Callable[[QImage], AnyArray],
) -> None:
    view.set_source(make_source(1000, 800))
    view.zoom_to(1.0)
    settle(view)
    view.set_boxes([(400, 300, 200, 200, "field", "#00ff00")])
    assert (rgb(view.grab_view()) == [0, 255, 0]).all(axis=2).sum() > 400


def test_another_source_takes_nothing_of_the_last_over(
    view: SlideView, make_source: Callable[..., ArraySource]
) -> None:
    view.set_source(make_source(1000, 800))
    view.set_tile_grid(256)
    view.set_map(np.ones((4, 5)))
    view.set_boxes([(0, 0, 10, 10, "a", "#ffffff")])
    view.show_sweep("reverse", (0, 0, 256, 256))
    view.set_source(make_source(900, 700))
    frame = view._frame()
    assert [row for layer in view._layers for row in layer.legend(frame)] == []
    assert not view._boxes.boxes
    assert not view._glow_timer.isActive()


def test_a_click_and_a_drag_on_the_overview_go_there(
    view: SlideView,
    make_source: Callable[..., ArraySource],
    settle: Callable[[SlideView], None],
    qtbot: QtBot,
) -> None:
    view.set_source(make_source(4000, 4000))
    view.zoom_to(1.0)
    settle(view)
    qtbot.waitUntil(lambda: view._minimap.place(view._frame()) is not None)
    place = there(view._minimap.place(view._frame()))
    clicks: list[tuple[float, float]] = []
    view.clicked.connect(lambda x, y: clicks.append((x, y)))
    qtbot.mousePress(view, LEFT, pos=(place.center() * 1).toPoint())
    assert view.visible_rect().center().toTuple() == pytest.approx((2000, 2000), abs=40)
    target = QPoint(round(place.left() + place.width() * 0.25), round(place.top() + place.height() * 0.75))
    qtbot.mouseMove(view, target)
    qtbot.mouseRelease(view, LEFT, pos=target)
    assert view.visible_rect().center().toTuple() == pytest.approx((1000, 3000), abs=40)
    assert clicks == []


def test_another_theme_is_taken_over(
    view: SlideView, make_source: Callable[..., ArraySource], settle: Callable[[SlideView], None]
) -> None:
    view.set_source(make_source(100, 400))
    settle(view)
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Shadow, QColor("#123456"))
    view.setPalette(palette)
    assert view.grab_view().pixelColor(30, 30) == QColor("#123456")


def test_channels_can_be_set_anew(
    view: SlideView, array_source: type[ArraySource], settle: Callable[[SlideView], None]
) -> None:
    view.set_source(array_source([np.full((300, 400, 1), 100, np.uint16)]))
    settle(view)
    view.set_channels([ChannelDisplay("dapi", 0, 200, (0, 0, 255))])
    settle(view)
    assert view.grab_view().pixelColor(320, 240) == QColor(0, 0, 128)


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "CMU-1-Small-Region.svs",
        "cmu_mini_pyramid.tif",
        "cmu_mini.ome.tif",
        "large_image/yb10kx5k.zstd.tiff",
        "large_image/grey10kx5k.tif",
    ],
)
def test_a_real_slide_is_shown_as_it_is_stored(
    view: SlideView,
    data_folder: Path,
    name: str,
    settle: Callable[[SlideView], None],
    rgb: Callable[[QImage], AnyArray],
) -> None:
    with open_image(data_folder / "slides" / name) as source:
        view.set_source(source)
        settle(view)
        view.zoom_to(1.0)
        view.center_on(source.width / 2, source.height / 2)
        settle(view)
        shown = rgb(view.grab_view())[190:400, 50:450]
        left, top = view._view.left + 50, view._view.top + 190
        stored = source.read_region(0, left, top, 400, 210)
        assert (shown == (stored if stored.shape[2] == 3 else stored.repeat(3, axis=2))).all()
        view.close_source()

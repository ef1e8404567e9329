from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.app.viewer.conftest import ArraySource
from wholefield.sources.slides.image import AnyArray
from wholefield_app.viewer.geometry import View, fitted
from wholefield_app.viewer.slides.decode import TileReader
from wholefield_app.viewer.slides.pyramid import TileKey
from wholefield_app.viewer.slides.tiles import TilePainter

BACKGROUND = QColor(10, 20, 30)

Render = Callable[[TilePainter, View], AnyArray]


def never() -> bool:
    return False


def read(reader: TileReader, key: TileKey) -> QImage:
    image = reader(key, never)
    assert image is not None
    return image


@pytest.fixture
def make_tiles(make_source: Callable[..., ArraySource], qapp: QApplication) -> Callable[..., TilePainter]:
    """A painter of the tiles of a source, with everything held that `hold` accepts."""

    def make(source: ArraySource, hold: Callable[[TileKey], bool] = lambda key: True) -> TilePainter:
        reader = TileReader(source)
        tiles = TilePainter(reader.levels)
        tiles.background = BACKGROUND
        for index, level in enumerate(reader.levels):
            for row in range(level.rows):
                for column in range(level.columns):
                    key = TileKey(index, column, row)
                    if hold(key):
                        tiles.add(key, read(reader, key))
        return tiles

    return make


@pytest.fixture
def render(rgb: Callable[[QImage], AnyArray]) -> Render:
    """What a painter of tiles shows of a view, as an array in device px."""

    def paint(tiles: TilePainter, view: View) -> AnyArray:
        image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(view.ratio)
        painter = QPainter(image)
        tiles.paint(painter, view)
        painter.end()
        return rgb(image)

    return paint


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_at_100_percent_every_pixel_is_the_stored_one(
    make_source: Callable[..., ArraySource],
    make_tiles: Callable[..., TilePainter],
    render: Render,
    ratio: float,
) -> None:
    source = make_source(1400, 900)
    view = View(700, 500, 1.0, left=301, top=203, ratio=ratio)
    shown = render(make_tiles(source), view)
    assert (shown == source.arrays[0][203:703, 301:1001]).all()


@pytest.mark.parametrize("scale", [2, 3, 8])
def test_magnified_pixels_are_squares_of_the_stored_color(
    make_source: Callable[..., ArraySource],
    make_tiles: Callable[..., TilePainter],
    render: Render,
    scale: float,
) -> None:
    source = make_source(1100, 900)
    view = View(400, 300, scale).centered(512, 512)
    shown = render(make_tiles(source), view)
    rows = (np.arange(300) + view.top) // scale
    columns = (np.arange(400) + view.left) // scale
    assert (shown == source.arrays[0][rows[:, None], columns]).all()


def test_around_the_image_is_background(
    make_source: Callable[..., ArraySource], make_tiles: Callable[..., TilePainter], render: Render
) -> None:
    source = make_source(200, 100)
    view = View(400, 300, 1.0).centered(100, 50)
    shown = render(make_tiles(source), view)
    inside = np.zeros((300, 400), bool)
    inside[100:200, 100:300] = True
    assert (shown[~inside] == [10, 20, 30]).all()
    assert (shown[inside].reshape(100, 200, 3) == source.arrays[0]).all()


def test_a_reduced_view_shows_averages_in_their_place(
    array_source: type[ArraySource], make_tiles: Callable[..., TilePainter], render: Render
) -> None:
    # A gradient has the same look at every resolution, so that a shift of the picture would be seen.
    y, x = np.mgrid[:4000, :4000]
    source = array_source([np.stack([x * 255 // 4000, y * 255 // 4000, x * 0], axis=2).astype(np.uint8)])
    view = fitted(View(500, 500), 4000, 4000)
    shown = render(make_tiles(source), view).astype(float)
    for row in range(20, 480, 23):
        for column in range(20, 480, 23):
            image_x, image_y = view.to_image(column + 0.5, row + 0.5)
            expected = image_x * 255 / 4000, image_y * 255 / 4000
            assert shown[row, column, :2] == pytest.approx(expected, abs=1.6)


steps = st.lists(st.tuples(st.integers(-260, 260), st.integers(-200, 200)), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    steps=steps,
    scale=st.sampled_from([0.13, 0.5, 0.77, 1.0, 2.0, 4.0]),
    ratio=st.sampled_from([1.0, 1.25, 2.0]),
)
def test_panning_step_by_step_shows_the_same_as_painting_anew(
    make_source: Callable[..., ArraySource],
    make_tiles: Callable[..., TilePainter],
    render: Render,
    steps: list[tuple[int, int]],
    scale: float,
    ratio: float,
) -> None:
    tiles, fresh = _two_of(make_source, make_tiles)
    view = View(320, 240, scale, ratio=ratio).centered(700, 500)
    render(tiles, view)
    for step in steps:
        view = view.panned(*step)
        moved = render(tiles, view)
        fresh.redraw()
        difference = np.abs(moved.astype(int) - render(fresh, view))
        # Qt steps through a scaled tile in fixed point from the edge of what it draws: the last bits may differ.
        assert difference.max() <= (2 if scale < 1 else 0)


def _two_of(
    make_source: Callable[..., ArraySource],
    make_tiles: Callable[..., TilePainter],
    kept: dict[str, tuple[TilePainter, TilePainter]] = {},  # noqa: B006  made once for all examples: reading is slow
) -> tuple[TilePainter, TilePainter]:
    if not kept:
        source = make_source(1500, 1100, 4)
        kept["both"] = make_tiles(source), make_tiles(source)
    return kept["both"]


def test_tiles_that_arrive_one_by_one_end_in_the_same_picture(
    make_source: Callable[..., ArraySource], make_tiles: Callable[..., TilePainter], render: Render
) -> None:
    source = make_source(2500, 1900, 4)
    complete, growing = make_tiles(source), make_tiles(source, lambda key: False)
    reader = TileReader(source)
    view = View(640, 480, 0.5).centered(1200, 900)
    render(growing, view)
    missing = growing.missing(view)
    assert len(missing) > 1
    for key in missing:
        assert not growing.has(key)
        growing.add(key, read(reader, key))
        render(growing, view)
    assert growing.missing(view) == []
    assert (render(growing, view) == render(complete, view)).all()


def test_a_coarser_tile_stands_in_until_the_right_one_is_there(
    make_source: Callable[..., ArraySource], make_tiles: Callable[..., TilePainter], render: Render
) -> None:
    source = make_source(2000, 2000)
    whole = make_tiles(source)
    only_coarse = make_tiles(source, lambda key: key.level == 2)
    view = View(600, 600, 1.0).centered(1000, 1000)
    sharp, blurred = render(whole, view).astype(float), render(only_coarse, view).astype(float)
    assert not (blurred == [10, 20, 30]).all(axis=2).any()
    # Averages over blocks agree although single px differ.
    means = [shown.reshape(12, 50, 12, 50, 3).mean(axis=(1, 3)) for shown in (sharp, blurred)]
    assert np.abs(means[0] - means[1]).max() < 25
    assert np.abs(sharp - blurred).max() > 5


def test_what_there_is_of_a_tile_is_drawn_over_the_coarser_one(
    make_source: Callable[..., ArraySource], make_tiles: Callable[..., TilePainter], render: Render
) -> None:
    source = make_source(2000, 2000)
    tiles = make_tiles(source, lambda key: key.level == 2)
    view = View(400, 400, 1.0, left=512, top=512)
    coarse = render(tiles, view)
    half = QImage(512, 512, QImage.Format.Format_ARGB32_Premultiplied)
    half.fill(QColor(0, 0, 0, 0))
    painter = QPainter(half)
    painter.fillRect(0, 0, 200, 512, QColor(0, 200, 0))
    painter.end()
    tiles.add_unfinished(TileKey(0, 1, 1), half)
    shown = render(tiles, view)
    assert (shown[:, :200] == [0, 200, 0]).all()
    assert (shown[:, 200:] == coarse[:, 200:]).all()
    assert TileKey(0, 1, 1) in tiles.missing(view)
    tiles.add(TileKey(0, 1, 1), read(TileReader(source), TileKey(0, 1, 1)))
    assert (render(tiles, view) == source.arrays[0][512:912, 512:912]).all()


def test_finer_tiles_stand_in_over_coarser_ones(
    make_source: Callable[..., ArraySource], make_tiles: Callable[..., TilePainter], render: Render
) -> None:
    source = make_source(2000, 2000)
    view = View(500, 500, 0.5).centered(1000, 1000)
    coarse = render(make_tiles(source, lambda key: key.level == 2), view).astype(int)
    both = render(make_tiles(source, lambda key: key.level in (0, 2)), view).astype(int)
    right = render(make_tiles(source), view).astype(int)
    assert np.abs(both - right).mean() < np.abs(coarse - right).mean()


def test_the_color_at_a_position_is_the_one_shown(
    make_source: Callable[..., ArraySource], make_tiles: Callable[..., TilePainter]
) -> None:
    source = make_source(1300, 700)
    tiles = make_tiles(source)
    for x, y in ((0, 0), (511.9, 3), (512, 512), (1299.5, 699.5)):
        assert tiles.color_at(x, y, 1.0) == tuple(source.arrays[0][int(y), int(x)])
    assert make_tiles(source, lambda key: False).color_at(5, 5, 1.0) is None


def test_more_tiles_than_the_cache_holds_are_kept_while_they_are_in_sight(
    make_source: Callable[..., ArraySource],
    make_tiles: Callable[..., TilePainter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wholefield_app.viewer.slides.tiles.CACHE_BYTES", 2**20)
    source = make_source(3000, 2000)
    tiles = make_tiles(source, lambda key: False)
    reader = TileReader(source)
    view = View(2000, 1500, 1.0).centered(1500, 1000)
    missing = tiles.missing(view)
    assert len(missing) * 2**20 > 4 * 2**20
    for key in missing:
        tiles.add(key, read(reader, key))
    assert tiles.missing(view) == []

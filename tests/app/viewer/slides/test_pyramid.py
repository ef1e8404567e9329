import itertools
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import Level, levels_from_sizes
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.slides.pyramid import (
    TILE,
    TileKey,
    display_levels,
    level_for,
    tiles_around,
    tiles_for,
)

factor_lists = st.lists(st.sampled_from([1.5, 2, 3, 4, 8]), max_size=4)
sides = st.integers(1, 60_000)


@st.composite
def stored_levels(draw: st.DrawFn) -> tuple[Level, ...]:
    width, height = draw(sides), draw(sides)
    sizes, factor = [(width, height)], 1.0
    for step in draw(factor_lists):
        factor *= step
        sizes.append((max(int(width / factor), 1), max(int(height / factor), 1)))
    return levels_from_sizes(sizes)


@given(stored_levels())
def test_levels_get_coarser_down_to_a_single_tile(stored: tuple[Level, ...]) -> None:
    levels = display_levels(stored)
    assert (levels[0].stored, levels[0].reduction) == (0, 1)
    assert levels[-1].columns * levels[-1].rows == 1
    assert all(level.columns * level.rows > 1 for level in levels[:-1])
    downsamples = [level.downsample for level in levels]
    assert downsamples == sorted(downsamples)


@given(stored_levels())
def test_no_gap_between_levels_is_larger_than_three(stored: tuple[Level, ...]) -> None:
    levels = display_levels(stored)
    for fine, coarse in itertools.pairwise(levels):
        # Very small stored levels are rounded to whole px, which makes their steps uneven.
        if min(coarse.width, coarse.height) > 50:
            assert coarse.downsample / fine.downsample < 3.2


@given(stored_levels(), st.data())
def test_tiles_cover_every_stored_pixel_once(stored: tuple[Level, ...], data: st.DataObject) -> None:
    levels = display_levels(stored)
    level = data.draw(st.sampled_from(levels))
    columns = np.zeros(level.width, int)
    for column in range(level.columns):
        x, _, width, _ = level.stored_region(column, 0)
        columns[x : x + width] += 1
    rows = np.zeros(level.height, int)
    for row in range(level.rows):
        _, y, _, height = level.stored_region(0, row)
        rows[y : y + height] += 1
    assert (columns == 1).all()
    assert (rows == 1).all()
    last = level.box(level.columns - 1, level.rows - 1)
    assert (last.right, last.bottom) == pytest.approx((stored[0].width, stored[0].height))


@given(stored_levels(), st.data())
def test_the_tiles_in_a_box_are_those_that_touch_it(stored: tuple[Level, ...], data: st.DataObject) -> None:
    level = data.draw(st.sampled_from(display_levels(stored)))
    span_x, span_y = level.span * level.pitch_x, level.span * level.pitch_y
    x = data.draw(st.floats(-0.5, 1.2)) * stored[0].width
    y = data.draw(st.floats(-0.5, 1.2)) * stored[0].height
    box = Rect(x, y, data.draw(st.floats(0.1, 4)) * span_x, data.draw(st.floats(0.1, 4)) * span_y)
    found = set(level.tiles_in(box))
    for column in range(
        max(math.floor(x / span_x) - 1, 0), min(math.ceil(box.right / span_x) + 1, level.columns)
    ):
        for row in range(
            max(math.floor(y / span_y) - 1, 0), min(math.ceil(box.bottom / span_y) + 1, level.rows)
        ):
            touching = not Rect(column * span_x, row * span_y, span_x, span_y).intersected(box).empty
            assert ((column, row) in found) == touching


def test_an_empty_box_touches_nothing() -> None:
    level = display_levels(levels_from_sizes([(2000, 2000)]))[0]
    assert list(level.tiles_in(Rect(10, 10, 0, 5))) == []
    assert list(level.tiles_in(Rect(-900, -900, 300, 300))) == []


@given(stored_levels(), st.floats(1e-4, 64))
def test_the_level_has_between_one_and_three_pixels_for_one_of_the_screen(
    stored: tuple[Level, ...], scale: float
) -> None:
    levels = display_levels(stored)
    index = level_for(levels, scale)
    if index > 0:
        assert levels[index].downsample * scale <= 1.001
    if index + 1 < len(levels):
        assert levels[index + 1].downsample * scale > 1.001


def test_levels_of_a_scanner_with_steps_of_four() -> None:
    levels = display_levels(levels_from_sizes([(40_000, 30_000), (10_000, 7_500), (2_500, 1_875)]))
    assert [(level.stored, level.reduction) for level in levels] == [
        (0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2), (2, 4), (2, 8),
    ]  # fmt: skip


def test_tiles_in_sight_come_nearest_to_the_middle_first() -> None:
    levels = display_levels(levels_from_sizes([(8000, 6000)]))
    view = View(2000, 1600, 1.0).centered(4000, 3000)
    keys = tiles_for(levels, view)
    assert keys[0] == TileKey(0, 7, 5)
    distances = []
    for _, column, row in keys:
        box = levels[0].box(column, row)
        distances.append(math.hypot(box.x + box.width / 2 - 4000, box.y + box.height / 2 - 3000))
    assert distances == sorted(distances)
    assert len(set(keys)) == len(keys) == 5 * 4


def test_what_lies_around_is_one_level_coarser_and_wider() -> None:
    levels = display_levels(levels_from_sizes([(40_000, 30_000)]))
    view = View(1600, 1000, 1.0).centered(20_000, 15_000)
    around = tiles_around(levels, view)
    assert {key.level for key in around} == {1}
    covered = [levels[1].box(key.column, key.row) for key in around]
    assert min(box.x for box in covered) <= 20_000 - 1600
    assert max(box.right for box in covered) >= 20_000 + 1600
    assert TILE == 512

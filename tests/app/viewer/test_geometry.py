import pytest
from hypothesis import given, strategies as st

from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import LARGEST_SCALE, View, fit_scale, fitted, limited, limited_scale

ratios = st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0])
scales = st.floats(1e-4, 64)
views = st.builds(
    View,
    width=st.integers(1, 4000),
    height=st.integers(1, 3000),
    scale=scales,
    left=st.integers(-100_000, 1_000_000),
    top=st.integers(-100_000, 1_000_000),
    ratio=ratios,
)
positions = st.floats(-5000, 5000)
sides = st.integers(1, 200_000)


@given(views, positions, positions)
def test_screen_and_image_positions_are_inverse(view: View, x: float, y: float) -> None:
    back = view.to_screen(*view.to_image(x, y))
    assert back == pytest.approx((x, y), abs=1e-6)


@given(views, scales, st.floats(0, 1), st.floats(0, 1))
def test_zoom_keeps_what_is_under_the_cursor(view: View, scale: float, part_x: float, part_y: float) -> None:
    x, y = part_x * view.width / view.ratio, part_y * view.height / view.ratio
    zoomed = view.zoomed(scale, x, y)
    after = zoomed.to_screen(*view.to_image(x, y))
    # The picture lies on the px grid of the screen: half a device px is as near as it can be.
    assert abs(after[0] - x) * view.ratio <= 0.5 + 1e-6
    assert abs(after[1] - y) * view.ratio <= 0.5 + 1e-6
    assert zoomed.scale == scale


@given(views, st.integers(-3000, 3000), st.integers(-3000, 3000))
def test_pan_is_a_whole_number_of_pixels_and_can_be_taken_back(view: View, dx: int, dy: int) -> None:
    moved = view.panned(dx, dy)
    assert view.shift_to(moved) == (dx, dy)
    assert moved.panned(-dx, -dy) == view


def test_shift_is_none_when_the_scale_or_size_changes() -> None:
    view = View(640, 480, 1.0)
    assert view.shift_to(view.zoomed(2.0, 0, 0)) is None
    assert view.shift_to(view.resized(641, 480, 1.0)) is None
    assert view.shift_to(view.resized(640, 480, 2.0)) is None


@given(views, st.floats(0, 100_000), st.floats(0, 100_000), st.floats(1, 5000), st.floats(1, 5000))
def test_neighboring_boxes_meet_on_the_screen(
    view: View, x: float, y: float, width: float, height: float
) -> None:
    first = view.box_to_device(Rect(x, y, width, height))
    right = view.box_to_device(Rect(x + width, y, width, height))
    below = view.box_to_device(Rect(x, y + height, width, height))
    assert first.right == right.x
    assert first.bottom == below.y
    assert all(value == int(value) for value in first)


@given(views, st.integers(-2000, 2000), st.integers(-2000, 2000), st.floats(0, 1e5), st.floats(0, 1e5))
def test_pan_moves_every_box_by_exactly_as_much(view: View, dx: int, dy: int, x: float, y: float) -> None:
    box = Rect(x, y, 512, 512)
    before, after = view.box_to_device(box), view.panned(dx, dy).box_to_device(box)
    assert (after.x - before.x, after.y - before.y) == (dx, dy)
    assert (after.width, after.height) == (before.width, before.height)


@given(views, ratios, st.integers(1, 4000), st.integers(1, 3000))
def test_resizing_keeps_the_middle_and_the_logical_zoom(
    view: View, ratio: float, width: int, height: int
) -> None:
    resized = view.resized(width, height, ratio)
    slack = 0.51 / resized.scale
    assert resized.center == pytest.approx(view.center, abs=slack)
    assert resized.scale / ratio == pytest.approx(view.scale / view.ratio)


@given(views, sides, sides)
def test_a_fitted_image_is_whole_and_in_the_middle(view: View, width: int, height: int) -> None:
    fit = fitted(view, width, height)
    shown = fit.visible
    slack = 1 / fit.scale
    assert shown.x <= slack
    assert shown.y <= slack
    assert shown.right >= width - slack
    assert shown.bottom >= height - slack
    assert fit.center == pytest.approx((width / 2, height / 2), abs=slack)
    assert max(width * fit.scale / fit.width, height * fit.scale / fit.height) == pytest.approx(0.96)


@given(views, sides, sides)
def test_the_middle_of_a_limited_view_is_on_the_image(view: View, width: int, height: int) -> None:
    x, y = limited(view, width, height).center
    slack = 0.51 / view.scale
    assert -slack <= x <= width + slack
    assert -slack <= y <= height + slack


def test_a_view_within_the_limits_is_left_alone() -> None:
    view = View(640, 480, 2.0, 100, 100)
    assert limited(view, 1000, 1000) is view


@given(views, sides, sides, st.floats(1e-12, 1e6))
def test_scale_stays_useful(view: View, width: int, height: int, scale: float) -> None:
    found = limited_scale(view, scale, width, height)
    assert min(fit_scale(view, width, height) / 4, 1.0) <= found <= LARGEST_SCALE


boxes = st.builds(Rect, *[st.integers(-50, 50)] * 2, *[st.integers(0, 60)] * 2)


@given(boxes, boxes)
def test_intersection_holds_exactly_the_common_cells(first: Rect[int], second: Rect[int]) -> None:
    def cells(box: Rect[int]) -> set[tuple[int, int]]:
        return {(x, y) for x in range(int(box.x), int(box.right)) for y in range(int(box.y), int(box.bottom))}

    common = first.intersected(second)
    assert cells(common) == cells(first) & cells(second)
    assert common.empty == (not cells(common))

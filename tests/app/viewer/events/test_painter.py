"""Painted frames, pixel by pixel."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.app.viewer.events.memory_recording import HEIGHT, WIDTH, make_recording
from wholefield.tasks.events.flow_field import FlowField
from wholefield_app.viewer.events.frames import Frame, FrameMaker, FrameRequest
from wholefield_app.viewer.events.painter import fitted_rect, frame_image, paint_frame
from wholefield_app.viewer.events.style import SCHEMES, EventsDisplay, FlowMode, FrameStyle

BARE = FrameStyle(accumulation_us=30_000, legend=False, time_stamp=False)


def make(style: FrameStyle = BARE, u: float = 400, v: float = 0) -> Frame:
    flow = np.zeros((2, HEIGHT, WIDTH), np.float32)
    flow[0], flow[1] = u, v
    return FrameMaker().make(FrameRequest(make_recording(), 50_000, style, FlowField(flow, 0, 10**9)))


def pixels_of(image: QImage) -> np.ndarray:
    copy = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(copy.constBits(), np.uint32).reshape(copy.height(), copy.width()) & 0xFFFFFF


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_events_are_whole_squares_of_their_color(qapp: QApplication, factor: int) -> None:
    frame = make()
    painted = pixels_of(frame_image(frame, WIDTH * factor, HEIGHT * factor))
    expected = np.kron(pixels_of(frame.panes[0].image), np.ones((factor, factor), np.uint32))
    np.testing.assert_array_equal(painted, expected)


def test_a_frame_of_another_shape_lies_in_the_middle_of_the_background(qapp: QApplication) -> None:
    frame = make()
    painted = pixels_of(frame_image(frame, WIDTH + 10, HEIGHT))
    np.testing.assert_array_equal(painted[:, 5:-5], pixels_of(frame.panes[0].image))
    background = QColor(BARE.scheme.background).rgb() & 0xFFFFFF
    assert (painted[:, :5] == background).all()
    assert (painted[:, -5:] == background).all()


def test_the_largest_place_of_the_shape_is_found() -> None:
    assert fitted_rect((64, 48), QRectF(0, 0, 128, 128)) == QRectF(0, 16, 128, 96)
    assert fitted_rect((64, 48), QRectF(10, 0, 320, 48)) == QRectF(138, 0, 64, 48)


def test_a_part_in_sight_is_painted_as_in_the_whole(qapp: QApplication) -> None:
    frame = make(replace(BARE, flow=FlowMode.BOTH, only_on_events=False))
    whole = pixels_of(frame_image(frame, 4 * WIDTH, 4 * HEIGHT))
    image = QImage(100, 80, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_frame(painter, frame, QRectF(-60, -50, 4 * WIDTH, 4 * HEIGHT), QRectF(0, 0, 100, 80))
    painter.end()
    np.testing.assert_array_equal(pixels_of(image), whole[50:130, 60:160])


@pytest.mark.parametrize("opacity", [0.0, 0.5, 1.0])
def test_dense_flow_is_mixed_with_the_events_by_its_opacity(qapp: QApplication, opacity: float) -> None:
    style = replace(BARE, flow=FlowMode.DENSE, only_on_events=False, opacity=opacity)
    frame = make(style)
    painted = pixels_of(frame_image(frame, WIDTH, HEIGHT))
    below = pixels_of(frame.panes[0].image)
    for shift, red in ((16, 255), (8, 0), (0, 0)):
        expected = ((below >> shift) & 255) * (1 - opacity) + red * opacity
        np.testing.assert_allclose(((painted >> shift) & 255).astype(float), expected, atol=1.5)


def test_arrows_lie_over_the_events_and_only_over_the_first_of_two_panes(qapp: QApplication) -> None:
    style = replace(
        BARE, flow=FlowMode.ARROWS, only_on_events=False, step=16, events_view=EventsDisplay.BESIDE
    )
    frame = make(style, u=0, v=300)
    plain = make(replace(style, flow=FlowMode.NONE), u=0, v=300)
    size = 4 * frame.size[0], 4 * frame.size[1]
    changed = pixels_of(frame_image(frame, *size)) != pixels_of(frame_image(plain, *size))
    _rows, columns = np.nonzero(changed)
    assert columns.max() < 4 * WIDTH
    # Each of the arrows is 9 px of the sensor long, and begins in the middle of its square of 16.
    for x in range(8, WIDTH, 16):
        for y in range(8, HEIGHT - 8, 16):
            shaft = changed[4 * y + 4 : 4 * (y + 9), 4 * x : 4 * x + 4]
            assert shaft.any(axis=1).mean() > 0.9


def test_captions_time_and_wheel_are_written_where_the_style_wants_them(qapp: QApplication) -> None:
    def corners(style: FrameStyle) -> list[bool]:
        frame, bare = make(style), make(replace(style, legend=False, time_stamp=False))
        changed = pixels_of(frame_image(frame, 640, 480)) != pixels_of(frame_image(bare, 640, 480))
        return [bool(part.any()) for part in (changed[240:, :320], changed[240:, 320:], changed[:240])]

    arrows = replace(BARE, flow=FlowMode.ARROWS)
    assert corners(replace(arrows, time_stamp=True)) == [True, False, False]
    assert corners(replace(arrows, legend=True)) == [False, True, False]
    assert corners(replace(BARE, legend=True)) == [False, False, False]
    sharp, raw = make(replace(BARE, events_view=EventsDisplay.SHARPENED), u=0), make()
    changed = pixels_of(frame_image(sharp, 640, 480)) != pixels_of(frame_image(raw, 640, 480))
    assert changed[:60, :320].any()
    assert not changed[60:].any()


@pytest.mark.parametrize("name", SCHEMES)
def test_words_are_readable_on_every_background(qapp: QApplication, name: str) -> None:
    style = replace(BARE, scheme=SCHEMES[name], time_stamp=True)
    painted = pixels_of(frame_image(make(style), 640, 480))
    plate = painted[-45:-5, 10:200]
    luma = 0.299 * (plate >> 16) + 0.587 * ((plate >> 8) & 255) + 0.114 * (plate & 255)
    assert luma.max() - luma.min() > 150


def test_a_legend_larger_than_half_the_frame_is_left_out(qapp: QApplication) -> None:
    style = replace(BARE, flow=FlowMode.ARROWS, only_on_events=False, threshold=1e6, legend=True)
    plain = replace(style, legend=False)
    assert frame_image(make(style), 100, 75) == frame_image(make(plain), 100, 75)
    assert frame_image(make(style), 400, 300) != frame_image(make(plain), 400, 300)

"""What a frame holds, against slow loops."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QColor, QImage

from tests.app.viewer.events.memory_recording import HEIGHT, WIDTH, make_events, make_recording
from tests.there import there
from wholefield.tasks.events.flow_field import FlowField
from wholefield_app.viewer.events.frames import (
    NO_FLOW,
    PART_US,
    Frame,
    FrameMaker,
    FrameRequest,
    frame_size,
    parts_of,
)
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode, FrameStyle, Scheme

STYLE = FrameStyle(scheme=Scheme("#102030", "#ffffff", "#4080c0"), accumulation_us=30_000, saturation=1)


def field_of(u: float, v: float) -> FlowField:
    flow = np.zeros((2, HEIGHT, WIDTH), np.float32)
    flow[0], flow[1] = u, v
    return FlowField(flow, 0, 10**9)


def make(time_us: int, style: FrameStyle = STYLE, field: FlowField | None = None) -> Frame:
    return FrameMaker().make(FrameRequest(make_recording(), time_us, style, field))


def pixels_of(image: QImage) -> npt.NDArray[np.uint32]:
    copy = image.convertToFormat(QImage.Format.Format_ARGB32)
    return np.frombuffer(copy.constBits(), np.uint32).reshape(copy.height(), copy.width()).copy()


@pytest.mark.parametrize("time_us", [0, 7_000, 30_000, 77_777, 100_000])
def test_a_frame_has_the_events_of_the_time_before_its_moment(time_us: int) -> None:
    frame = make(time_us)
    events = make_events()
    seen = events[(events["t"] >= time_us - 30_000) & (events["t"] < time_us)]
    total, signed = np.zeros((HEIGHT, WIDTH)), np.zeros((HEIGHT, WIDTH))
    np.add.at(total, (seen["y"], seen["x"]), 1)
    np.add.at(signed, (seen["y"], seen["x"]), np.where(seen["p"] > 0, 1, -1))
    np.testing.assert_array_equal(frame.total, total)
    colors = np.where(total == 0, 0xFF102030, np.where(signed >= 0, 0xFFFFFFFF, 0xFF4080C0))
    np.testing.assert_array_equal(pixels_of(frame.panes[0].image), colors)
    assert frame.arrows is None
    assert frame.dense is None
    assert frame.top == 0


def test_a_long_accumulation_is_read_in_parts_without_a_gap() -> None:
    request = FrameRequest(make_recording(), 90_000, replace(STYLE, accumulation_us=65_432))
    parts = list(parts_of(request))
    assert len(parts) == -(-65_432 // PART_US)
    events = make_events()
    whole = events[(events["t"] >= 90_000 - 65_432) & (events["t"] < 90_000)]
    np.testing.assert_array_equal(np.concatenate(parts)["t"], whole["t"])


def test_arrows_and_colors_are_there_when_they_are_wanted_and_known() -> None:
    field = field_of(300, 400)
    frame = make(50_000, replace(STYLE, flow=FlowMode.BOTH, only_on_events=False, step=8), field)
    assert frame.top == pytest.approx(500)
    arrows = there(frame.arrows)
    assert len(arrows) == (WIDTH // 8) * (HEIGHT // 8)
    np.testing.assert_allclose(arrows.lines[0, 2:] - arrows.lines[0, :2], [9, 12])
    dense = pixels_of(there(frame.dense))
    assert (dense == dense[0, 0]).all()
    assert QColor.fromRgba(int(dense[0, 0])).hue() == pytest.approx(53, abs=1)
    assert dense[0, 0] >> 24 == 255
    assert make(50_000, replace(STYLE, flow=FlowMode.BOTH)).arrows is None


def test_flow_is_shown_only_where_events_are() -> None:
    style = replace(STYLE, flow=FlowMode.DENSE, only_on_events=True, accumulation_us=5_000)
    frame = make(50_000, style, field_of(100, 0))
    alpha = pixels_of(there(frame.dense)) >> 24
    np.testing.assert_array_equal(alpha > 0, frame.total > 0)


def test_sharpened_events_lie_where_the_flow_carries_them() -> None:
    style = replace(STYLE, events_view=EventsDisplay.BESIDE)
    frame = make(50_000, style, field_of(0, 0))
    raw, sharp = frame.panes
    assert (raw.caption, sharp.caption) == ("raw", "sharpened")
    assert sharp.image == raw.image
    assert frame.size == (2 * WIDTH + 2, HEIGHT)
    assert frame.size == frame_size(make_recording(), style)
    moved = make(50_000, style, field_of(500, 0)).panes[1].image
    assert moved != raw.image
    assert (
        make(50_000, replace(style, events_view=EventsDisplay.SHARPENED), field_of(500, 0)).panes[0].image
        == moved
    )


def test_without_flow_it_is_said_that_nothing_can_be_sharpened() -> None:
    alone = make(50_000, replace(STYLE, events_view=EventsDisplay.SHARPENED))
    beside = make(50_000, replace(STYLE, events_view=EventsDisplay.BESIDE))
    assert [pane.caption for pane in (*alone.panes, *beside.panes)] == [NO_FLOW, "raw", NO_FLOW]

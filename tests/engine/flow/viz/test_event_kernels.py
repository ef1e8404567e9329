"""The loops behind pictures of events, at the border and at exact pixels."""

import numpy as np
import pytest

from wholefield.flow.viz.event_kernels import carry_into, color_into, count_into, shade_into, share_at_border
from wholefield.sources.events.recording import EVENT_DTYPE


def test_events_outside_are_not_counted() -> None:
    events = np.zeros(3, EVENT_DTYPE)
    events["x"], events["y"], events["p"] = [0, 3, 1], [0, 0, 2], [1, 1, 0]
    counts = np.zeros((2, 3, 2), np.float32)
    count_into(counts, events)
    assert counts.sum() == counts[0, 0, 1] == 1


def test_what_is_shared_at_the_border_is_lost_outside() -> None:
    counts = np.zeros((2, 3, 2), np.float32)
    share_at_border(counts, -0.25, 1.5, 1)
    assert counts[1, 0, 1] == pytest.approx(0.75 * 0.5)
    assert counts.sum() == pytest.approx(0.375)
    share_at_border(counts, 1.0, 1.0, 0)
    assert counts[1, 1, 0] == 1


def test_events_meet_where_the_flow_moves_them() -> None:
    events = np.zeros(2, EVENT_DTYPE)
    events["x"], events["t"], events["p"] = [1, 3], [0, 2000], [1, 0]
    flow = np.zeros((2, 3, 6), np.float32)
    flow[0] = 1000
    counts = np.zeros((3, 6, 2), np.float32)
    carry_into(counts, events, flow, 2000.0)
    np.testing.assert_allclose(counts[0, 3], [1, 1], atol=1e-6)
    assert counts.sum() == pytest.approx(2, abs=1e-6)


def test_a_pixel_is_mixed_toward_its_polarity() -> None:
    counts = np.zeros((1, 3, 2), np.float32)
    counts[0, 1, 1], counts[0, 2, 0] = 1, 2
    out = np.empty((1, 3), np.uint32)
    background, on, off = np.array([[0, 0, 0], [200, 100, 0], [0, 100, 200]])
    shade_into(out, counts, background, on, off, 2.0)
    assert [hex(value) for value in out[0]] == ["0xff000000", "0xff643200", "0xff0064c8"]


def test_colors_of_flow_are_premultiplied() -> None:
    flow = np.zeros((2, 1, 3), np.float32)
    flow[0, 0, 1:] = 1, 8
    out = np.empty((1, 3), np.uint32)
    color_into(out, flow, 2.0)
    assert [hex(value) for value in out[0]] == ["0x0", "0x80800000", "0xffff0000"]

"""Times and places on a line, and time that passes."""

import pytest
from hypothesis import assume, given, strategies as st

from wholefield_app.viewer.events.timeline import (
    SLIDER_STEPS,
    Line,
    Span,
    advanced,
    log_position,
    log_value,
    span_text,
    time_text,
)

DURATIONS = st.integers(1, 10**12)


@given(DURATIONS, st.integers(2, 4000), st.data())
def test_a_time_is_found_again_to_half_a_pixel(duration: int, width: int, data: st.DataObject) -> None:
    line = Line(duration, width)
    time = data.draw(st.integers(0, duration))
    x = line.x_of(time)
    assert 0 <= x <= width - 1
    assert abs(line.time_at(x) - time) <= 1 + duration * 1e-9
    assert abs(line.time_at(round(x)) - time) <= 0.5 * duration / (width - 1) + 1


@given(DURATIONS, st.integers(2, 4000), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_places_keep_their_order_and_end_at_the_ends(duration: int, width: int, a: float, b: float) -> None:
    line = Line(duration, width)
    first, second = sorted((a, b))
    assert 0 <= line.time_at(first) <= line.time_at(second) <= duration
    assert (line.time_at(0), line.time_at(width - 1)) == (0, duration)


@given(st.integers(10, 10_000_000))
def test_the_slider_of_factors_comes_back_to_the_value_within_a_step(value: int) -> None:
    position = log_position(value, 10, 10_000_000)
    assert 0 <= position <= SLIDER_STEPS
    found = log_value(position, 10, 10_000_000)
    assert 10 <= found <= 10_000_000
    # Half a step is 0.7 %, two digits round by up to 5 %.
    assert found == pytest.approx(value, rel=0.06)


def test_the_slider_reaches_its_ends() -> None:
    assert log_value(0, 10, 10_000_000) == 10
    assert log_value(SLIDER_STEPS, 10, 10_000_000) == 10_000_000


@given(
    st.integers(0, 10**7),
    st.integers(1, 10**7),
    st.floats(0, 20),
    st.floats(0.001, 1),
    st.booleans(),
    st.data(),
)
def test_time_passes_inside_of_what_is_played(
    start: int, length: int, elapsed: float, speed: float, loops: bool, data: st.DataObject
) -> None:
    span = Span(start, start + length)
    now = data.draw(st.integers(span.start_us, span.end_us))
    there, on = advanced(now, elapsed, speed, span, loops)
    passed = now + elapsed * speed * 1e6
    assert span.start_us <= there <= span.end_us
    if passed < span.end_us:
        assert on
        assert there == pytest.approx(passed)
    elif loops:
        assert on
        turns = (passed - there) / length
        assert turns == pytest.approx(round(turns), abs=1e-6)
    else:
        assert (there, on) == (span.end_us, False)


@given(st.integers(0, 10**9), st.floats(0, 0.5), st.floats(0, 0.5))
def test_two_ticks_are_one_of_their_sum(now: int, first: float, second: float) -> None:
    span = Span(0, 10**10)
    half, _ = advanced(now, first, 0.001, span, False)
    assume(half < span.end_us)
    assert advanced(half, second, 0.001, span, False)[0] == pytest.approx(
        advanced(now, first + second, 0.001, span, False)[0]
    )


def test_spans_hold_times() -> None:
    span = Span(100, 300)
    assert span.length == 200
    assert [span.clamped(time) for time in (0, 150, 999)] == [100, 150, 300]


@pytest.mark.parametrize(
    ("time", "duration", "text"),
    [
        (1234, 9_000, "1,234 µs"),
        (20_000, 50_001, "20.000 ms"),
        (1_500_000, 2_078_179, "1.500000 s"),
        (61_500_000, 3_600_000_000, "1:01.500000"),
        (1234, None, "1,234 µs"),
    ],
)
def test_times_have_the_digits_that_the_duration_needs(time: int, duration: int | None, text: str) -> None:
    assert time_text(time, duration) == text


def test_lengths_have_the_unit_that_suits_them() -> None:
    assert [span_text(us) for us in (500, 33_000, 2_078_179)] == ["500 µs", "33 ms", "2.078 s"]

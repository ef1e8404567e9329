"""Times of a recording as places on a line, as text, and as they pass while playing; arithmetic without Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

SECOND = 1_000_000
SLIDER_STEPS = 1000


@dataclass(frozen=True)
class Span:
    """A half-open range of time in us."""

    start_us: int
    end_us: int

    @property
    def length(self) -> int:
        """In us."""
        return self.end_us - self.start_us

    def clamped(self, time_us: int) -> int:
        """The nearest time from start to end, both included."""
        return min(max(time_us, self.start_us), self.end_us)


@dataclass(frozen=True)
class Line:
    """A recording of some us drawn over a width in px."""

    duration_us: int
    width: float

    def x_of(self, time_us: float) -> float:
        """Where a time lies, in px; times beyond the ends lie at the ends."""
        share = min(max(time_us / max(self.duration_us, 1), 0.0), 1.0)
        return share * max(self.width - 1, 1)

    def time_at(self, x: float) -> int:
        """The time in us at a place, from 0 to the duration."""
        share = min(max(x / max(self.width - 1, 1), 0.0), 1.0)
        return round(share * self.duration_us)


def log_position(value: float, low: float, high: float) -> int:
    """Where a value stands on a slider of `SLIDER_STEPS` steps on which every step is the same factor."""
    share = math.log(min(max(value, low), high) / low) / math.log(high / low)
    return round(share * SLIDER_STEPS)


def log_value(position: int, low: float, high: float) -> int:
    """The value at a place of such a slider, rounded to two significant digits and at least `low`."""
    value = low * (high / low) ** (position / SLIDER_STEPS)
    digits = 1 - math.floor(math.log10(value))
    return int(min(max(round(value, digits), low), high))


def advanced(time_us: float, elapsed_s: float, speed: float, span: Span, loops: bool) -> tuple[float, bool]:
    """Where the playhead is after some seconds on the clock.

    Args:
        time_us: Where it was.
        elapsed_s: Seconds since then.
        speed: Seconds of the recording per second of real time, negative to play backwards.
        span: What is played.
        loops: Whether playing continues at the start when it has reached the end.

    Returns:
        The time in us, and whether playing continues.
    """
    if speed < 0:
        there = min(time_us, span.end_us) + elapsed_s * speed * SECOND
        if there > span.start_us:
            return there, True
        if loops and span.length > 0:
            return span.end_us - (span.start_us - there) % span.length, True
        return span.start_us, False
    there = max(time_us, span.start_us) + elapsed_s * speed * SECOND
    if there < span.end_us:
        return there, True
    if loops and span.length > 0:
        return span.start_us + (there - span.end_us) % span.length, True
    return span.end_us, False


def time_text(time_us: float, duration_us: float | None = None) -> str:
    """A time such as "1.234 567 s", with as many digits as the duration needs; of its own where that is None."""
    whole = abs(time_us if duration_us is None else duration_us)
    if whole < 10_000:
        return f"{time_us:,.0f} µs"
    if whole < SECOND:
        return f"{time_us / 1e3:.3f} ms"
    minutes, seconds = divmod(time_us / SECOND, 60)
    if whole < 60 * SECOND:
        return f"{time_us / SECOND:.6f} s"
    return f"{minutes:.0f}:{seconds:09.6f}"


def span_text(length_us: float) -> str:
    """A length of time in the unit that suits it, such as "33.3 ms"."""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if length_us >= size:
            return f"{length_us / size:.4g} {unit}"
    return f"{length_us:.4g} µs"

"""The filters once more, event by event in plain Python, from their definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

Event = tuple[int, int, int, int]
Keep = Callable[[Event], "Event | None"]


def refractory(period: int) -> Keep:
    last: dict[Any, int] = {}

    def keep(event: Event) -> Event | None:
        x, y, _, t = event
        if (x, y) in last and t - last[x, y] < period:
            return None
        last[x, y] = t
        return event

    return keep


def background(window: int, supporters: int) -> Keep:
    last: dict[Any, int] = {}

    def keep(event: Event) -> Event | None:
        x, y, _, t = event
        around = [(x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
        found = sum(place in last and t - last[place] <= window for place in around)
        last[x, y] = t
        return event if found >= supporters else None

    return keep


def stc(window: int, trail: str) -> Keep:
    """Bursts are lists of events; the second of a burst is the first that may pass."""
    last: dict[Any, tuple[int, int]] = {}
    passed: set[Any] = set()

    def keep(event: Event) -> Event | None:
        x, y, p, t = event
        before = last.get((x, y))
        last[x, y] = p, t
        if before is None or before[0] != p:
            passed.discard((x, y))
            return None
        close = t - before[1] <= window
        if not close or (trail == "cut" and (x, y) in passed):
            return None
        passed.add((x, y))
        return event

    return keep


def trail(window: int) -> Keep:
    last: dict[Any, tuple[int, int]] = {}

    def keep(event: Event) -> Event | None:
        x, y, p, t = event
        before = last.get((x, y))
        last[x, y] = p, t
        return event if before is None or before[0] != p or t - before[1] >= window else None

    return keep


def antiflicker(low: float, high: float, length: int, tolerance: int) -> Keep:
    """Keeps all rises of a pixel, and looks at the whole list each time."""
    rises: dict[Any, list[int]] = {}
    polarity: dict[Any, int] = {}

    def in_band(period: int) -> bool:
        return 1e6 / high <= period <= 1e6 / low

    def keep(event: Event) -> Event | None:
        x, y, p, t = event
        if p == 1 and polarity.get((x, y), 0) == 0:
            rises.setdefault((x, y), []).append(t)
        polarity[x, y] = p
        times = rises.get((x, y), [])
        periods = [b - a for a, b in pairwise(times)][::-1]
        count = 0
        for number, period in enumerate(periods):
            if not in_band(period) or (number and abs(periods[number - 1] - period) > tolerance):
                break
            count += 1
        return None if count >= length and t - times[-1] <= 1e6 / low else event

    return keep


def roi(*points: float) -> Keep:
    left, top, right, bottom = points
    return lambda event: event if left <= event[0] + 0.5 < right and top <= event[1] + 0.5 < bottom else None


def polarity(which: str) -> Keep:
    if which == "invert":
        return lambda event: (event[0], event[1], 1 - event[2], event[3])
    return lambda event: event if event[2] == (which == "on") else None


def flip(axis: str, width: int, height: int) -> Keep:
    if axis == "horizontal":
        return lambda event: (width - 1 - event[0], *event[1:])
    return lambda event: (event[0], height - 1 - event[1], *event[2:])


def rotate(width: int, height: int) -> Keep:
    """A quarter clockwise: the top row becomes the column on the right."""
    return lambda event: (height - 1 - event[1], event[0], *event[2:])


def downsample(factor: int) -> Keep:
    return lambda event: (event[0] // factor, event[1] // factor, *event[2:])


def run(keeps: Iterable[Keep], events: Iterable[Event]) -> list[Event]:
    found = []
    chain = list(keeps)
    for event in events:
        now: Event | None = event
        for keep in chain:
            if now is not None:
                now = keep(now)
        if now is not None:
            found.append(now)
    return found

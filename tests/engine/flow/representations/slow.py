"""The grid of the representation tests, and events on it one by one."""

from collections.abc import Iterator

import numpy as np

WIDTH, HEIGHT, BINS, DELTA, START = 13, 9, 4, 901, 350


def places(events: np.ndarray, factor: int) -> Iterator[tuple[int, int, int, int, int]]:
    """(bin, time in the bin, polarity, row, column) of every event on the grid."""
    for event in events:
        k, t = divmod(int(event["t"]) - START, DELTA)
        if 0 <= k < BINS and event["x"] < WIDTH and event["y"] < HEIGHT:
            yield k, t, int(event["p"] > 0), int(event["y"]) >> factor, int(event["x"]) >> factor


def empty(channels: int, factor: int) -> np.ndarray:
    block = 2**factor
    return np.zeros((BINS, channels, -(-HEIGHT // block), -(-WIDTH // block)))

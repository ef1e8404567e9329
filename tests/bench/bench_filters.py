"""Filters of events: python -m tests.bench filters [RECORDING]. Million events a second of processor time."""

import sys
import time
from itertools import repeat
from pathlib import Path

import numpy as np

from tests.bench.measure import machine
from wholefield.sources import open_indexed
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.sources.events.filters.recording import BLOCK_EVENTS
from wholefield.sources.events.recording import EVENT_DTYPE, Events

RECORDING = Path("person_evt3_640x480.raw")
EVENTS, REPEATS = 1 << 22, 3
SIZE = (640, 480)
CHAINS = (
    "roi=100:100:500:400", "refractory=1ms", "background=10ms", "background=10ms:2", "stc=10ms", "stc=10ms:cut",
    "trail=10ms", "antiflicker", "polarity=on", "flip", "rotate", "downsample",
    "refractory=1ms, background=10ms, trail=10ms", "roi=50:50:600:400, refractory=1ms, background=10ms",
)  # fmt: skip


def real_events(path: Path) -> Events:
    """A recording over and over, until there are enough events."""
    with open_indexed(path) as recording:
        once, length = recording.events(0, recording.duration_us), recording.duration_us
    parts = []
    for number, part in enumerate(repeat(once, -(-EVENTS // len(once)))):
        parts.append(part.copy())
        parts[-1]["t"] += number * length
    return np.concatenate(parts)[:EVENTS].astype(EVENT_DTYPE)


def random_events() -> Events:
    """Noise at 10 million events a second, for which no cache is large enough."""
    random = np.random.default_rng(0)
    events = np.zeros(EVENTS, EVENT_DTYPE)
    events["x"], events["y"] = random.integers(0, SIZE[0], EVENTS), random.integers(0, SIZE[1], EVENTS)
    events["p"], events["t"] = random.integers(0, 2, EVENTS), np.arange(EVENTS) // 10
    return events


def throughput(text: str, events: Events) -> tuple[float, float]:
    """Million events a second, and the share that is left."""
    best, left = float("inf"), 0
    for _ in range(REPEATS):
        chain = FilterChain.parse(text).start(SIZE)
        start = time.thread_time()
        for begin in range(0, len(events), BLOCK_EVENTS):
            chain.run(events[begin : begin + BLOCK_EVENTS])
        best, left = min(best, time.thread_time() - start), int(chain.counts[-1])
    return len(events) / best / 1e6, left / len(events)


def main() -> None:
    """Print a row a chain."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDING
    kinds = {path.stem: real_events(path) if path.exists() else random_events(), "random": random_events()}
    print(machine())
    for text in CHAINS:
        found = [throughput(text, events) for events in kinds.values()]
        print(f"{text:56}", *(f"{speed:6.0f} M/s ({left:4.0%} left)" for speed, left in found))


if __name__ == "__main__":
    main()

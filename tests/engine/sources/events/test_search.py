"""Recordings too large to be read at opening: moments are found by looking at a few places of the file."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.events.writers import raw_header, write_stream
from wholefield.sources.events import search
from wholefield.sources.events.codec import Words
from wholefield.sources.events.event_words import WordFile
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.raw import open_raw
from wholefield.sources.events.recording import EVENT_DTYPE, Events
from wholefield.sources.events.search import ClockSearch


def bursts(seconds: int) -> Events:
    """A recording whose event rate changes every few seconds, over many rounds of the clock."""
    random = np.random.default_rng(0)
    rates = np.repeat(random.choice([500, 1000, 4000], -(-seconds // 5)), 5)[:seconds]
    times = np.concatenate(
        [second * 10**6 + np.sort(random.integers(0, 10**6, n)) for second, n in enumerate(rates)]
    )
    events = np.zeros(len(times), EVENT_DTYPE)
    events["t"] = times - times[0]
    events["x"], events["y"] = random.integers(0, 640, len(times)), random.integers(0, 480, len(times))
    return events


def test_changing_rates_over_many_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SEGMENT", 2048)
    monkeypatch.setattr(search, "PROBE", 64)
    events = bursts(200)
    path = write_stream(tmp_path, "evt3", events, 16_000_000)
    with open_raw(path, index_at_once=False) as recording:
        assert recording.duration_us == events["t"][-1] + 1
        for low in np.random.default_rng(1).integers(0, 199_000_000, 50).tolist():
            expected = events[(events["t"] >= low) & (events["t"] < low + 50_000)]
            np.testing.assert_array_equal(recording.events(low, low + 50_000), expected)
        assert not recording.indexed


class CountingFile(WordFile):
    words_read = 0

    def read(self, begin: int, end: int) -> Words:
        words = super().read(begin, end)
        self.words_read += len(words)
        return words


def test_a_large_file_is_opened_by_reading_little(tmp_path: Path) -> None:
    """Sparse: zeros are rows without events; every 256 kB the clock has moved on by 16 ms."""
    path, header = tmp_path / "a.raw", raw_header("3.0")
    steps = 1024
    with path.open("wb") as file:
        file.write(header)
        for step in range(steps):
            file.seek(len(header) + step * 2**18)
            round_of_clock = [8 << 12 | 4 * step & 0xFFF, 6 << 12 | 7, 33, 2 << 12 | 44]
            file.write(np.array(round_of_clock, "<u2").tobytes())
        file.truncate(len(header) + steps * 2**18)
    words = CountingFile(path, len(header), EVT3.word)
    try:
        moments = ClockSearch(words, EVT3)
        begin, state = moments.begin(10_000_000)
        assert abs(begin - 10_000_000 / 16384 * 2**17) < 3 * 2**17
        assert 10_000_000 - 3 * 16384 < state[0] < 10_000_000
        assert words.words_read < len(words) / 5
    finally:
        words.close()
    with open_raw(path) as recording:
        assert not recording.indexed
        assert recording.duration_us == (steps - 1) * 16384 + 1
        assert recording.events(16384 * 700, 16384 * 701).tolist() == [(44, 33, 0, 16384 * 700)]

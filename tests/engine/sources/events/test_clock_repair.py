"""Damaged times are found and replaced; silences, new rounds, restarts and disorder are left alone."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.engine.sources.events.writers import STREAMS, random_events, write_stream
from wholefield.sources.events.clock_repair import ClockRepair
from wholefield.sources.events.codec import Codec
from wholefield.sources.events.dat import DAT
from wholefield.sources.events.evt2 import EVT2
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.evt21 import EVT21, EVT21_LEGACY
from wholefield.sources.events.raw import open_dat, open_raw
from wholefield.sources.events.time_word import Integers, TimeWord, Words

CODECS = {"evt2": EVT2, "evt21": EVT21, "evt21-legacy": EVT21_LEGACY, "evt3": EVT3, "dat": DAT}
MS = 1000


def words_of(codec: Codec, times_us: Integers) -> Words:
    """Words that carry times, each followed by an event word where the format has such."""
    word = codec.time_word
    steps = times_us // word.unit % (1 << word.bits)
    words = (word.kind << word.type_shift) | (steps.astype(object) << word.shift)
    if not word.type_mask:
        return np.array(words, codec.word)
    return np.stack([np.array(words, codec.word), np.zeros(len(words), codec.word)], 1).ravel()


def repaired(codec: Codec, words: Words, cuts: Sequence[int] = ()) -> tuple[Words, ClockRepair]:
    """The words, read in pieces from the start on."""
    repair = ClockRepair(codec.time_word, len(words), lambda begin, end: words[max(begin, 0) : end])
    edges = [0, *sorted(cut % len(words) for cut in cuts), len(words)]
    parts = [repair.apply(words[a:b], a) for a, b in pairwise(edges)]
    return np.concatenate(parts), repair


def times_in(codec: Codec, words: Words) -> Integers:
    word: TimeWord = codec.time_word
    return word.values(words[word.places(words)]) * word.unit


def orderly(seed: int, count: int, period: int) -> Integers:
    """Rising times with silences of up to a fortieth of a period."""
    random = np.random.default_rng(seed)
    steps = random.integers(0, 4 * MS, count)
    steps[random.random(count) < 0.05] = random.integers(0, min(period // 40, 10**9))
    return int(random.integers(0, period)) + np.cumsum(steps)


@pytest.mark.parametrize("name", sorted(CODECS))
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(14, 200),
    cuts=st.lists(st.integers(0, 10**6), max_size=3),
)
def test_one_wrong_time_is_replaced(name: str, seed: int, count: int, cuts: list[int]) -> None:
    codec = CODECS[name]
    period = 1 << codec.clock_bits
    random = np.random.default_rng(seed)
    times = orderly(seed, count, period)
    times[-14:] = times[-14] + np.arange(14) * MS
    place = int(random.integers(1, count - 1))
    before, behind = times[place - 1], times[place + 1]
    span = int(behind - before)
    far = codec.time_word.tolerance * codec.time_word.unit + 35 * MS
    wrong = times.copy()
    wrong[place] = behind + far + int(random.integers(0, period - span - 2 * far))
    good, repair = repaired(codec, words_of(codec, wrong), cuts)
    assert repair.count == 1
    unit = codec.time_word.unit
    clean = times_in(codec, words_of(codec, times))
    found = times_in(codec, good)
    others = np.arange(count) != place
    np.testing.assert_array_equal(found[others], clean[others])
    ahead = (found[place] - clean[place - 1]) % period
    assert 0 <= ahead <= min(span // unit * unit + unit, far)


@pytest.mark.parametrize("name", sorted(CODECS))
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["orderly", "restart", "any", "late", "jitter"]))
def test_what_is_real_stays(name: str, seed: int, kind: str) -> None:
    codec = CODECS[name]
    random = np.random.default_rng(seed)
    times = orderly(seed, 300, 1 << codec.clock_bits)
    if kind == "restart":
        times = np.cumsum(random.integers(0, 4 * MS, 300)) + int(random.integers(0, 10**9))
        times[150:] = np.cumsum(random.integers(0, 4 * MS, 150))
    elif kind == "any":
        times = random.integers(0, int(random.integers(1, 10**8)), 300)
    elif kind == "late":
        times = np.roll(times, int(random.integers(1, 299)))
    elif kind == "jitter":
        times += random.integers(-20 * MS, 20 * MS, 300)
    words = words_of(codec, times)
    good, repair = repaired(codec, words)
    assert repair.count == 0
    np.testing.assert_array_equal(good, words)


def test_wherever_reading_begins_the_same_words_are_replaced() -> None:
    times = orderly(3, 3000, 1 << EVT2.clock_bits)
    times[700:2900:100] += 10**9
    words = words_of(EVT2, times)
    good, repair = repaired(EVT2, words)
    assert repair.count == 22
    for begin in range(0, len(words), 37):
        fresh = ClockRepair(EVT2.time_word, len(words), lambda low, high: words[max(low, 0) : high])
        np.testing.assert_array_equal(fresh.apply(words[begin : begin + 11], begin), good[begin : begin + 11])


@pytest.mark.parametrize("name", sorted(STREAMS))
@pytest.mark.parametrize("seed", range(5))
def test_a_recording_is_not_stretched(tmp_path: Path, name: str, seed: int) -> None:
    events = random_events(3000, 900_000)
    path = write_stream(tmp_path, name, events, 5_000_000)
    codec, (_, header, _) = CODECS[name], STREAMS[name]
    words = np.frombuffer(path.read_bytes()[len(header) :], codec.word).copy()
    places = codec.time_word.places(words)
    place = places[np.random.default_rng(seed).integers(5, len(places) - 5)]
    far = (5_900_000 + 3_000_000 * (seed % 2 + 1)) // codec.time_word.unit
    words[[place]] = codec.time_word.replaced(
        words[[place]], np.array([far & ((1 << codec.time_word.bits) - 1)])
    )
    path.write_bytes(header + words.tobytes())
    opener = open_dat if path.suffix == ".dat" else open_raw
    for at_once in (True, False):
        with opener(path, None, at_once) as recording:
            assert recording.duration_us == events["t"][-1] + 1
            found = recording.events(0, recording.duration_us)
            assert len(found) == len(events) == recording.num_events
            wrong = (found["t"] != events["t"]).sum()
            assert wrong <= (1 if name == "dat" else 40)
            assert any("1 damaged time" in text for text in recording.warnings)


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_jump_at_either_end_is_told_and_kept(place: str) -> None:
    times = np.arange(100) * MS
    times[0 if place == "first" else -1] += -5_000_000 if place == "first" else 5_000_000
    _, repair = repaired(EVT2, words_of(EVT2, times + 10**8))
    assert repair.count == 0
    assert [place in text and "jumps by 5" in text for text in repair.told()] == [True]


def test_steps_back_are_told() -> None:
    times = np.arange(200) * MS
    times[100:] -= 60_000
    _, repair = repaired(DAT, words_of(DAT, times + 10**8))
    assert repair.told() == (
        "The clock of the file steps back once, by up to 0.059 s; times are kept as they are.",
    )

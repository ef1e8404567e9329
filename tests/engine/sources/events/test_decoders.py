"""The compiled decoders give what the numpy ones give, for any words at all."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from wholefield.sources.events.codec import (
    DISORDER,
    EARLIEST,
    EVER,
    LATEST,
    OUTSIDE,
    TAKEN,
    TRIGGERS,
    UNKNOWN,
    Codec,
    Integers,
    Words,
    fresh_state,
    fresh_stats,
)
from wholefield.sources.events.dat import DAT
from wholefield.sources.events.evt2 import EVT2
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.evt21 import EVT21, EVT21_LEGACY
from wholefield.sources.events.recording import EVENT_DTYPE, Events

ANY = 1 << 16


def walk(
    codec: Codec,
    words: Words,
    window: tuple[int, int] = EVER,
    size: tuple[int, int] = (ANY, ANY),
    origin: int = 0,
    pieces: int = 1,
) -> tuple[Events, Integers, Integers]:
    """Events, triggers and numbers of the compiled decoder, which is given the words in pieces."""
    room = 32 * len(words)
    events, triggers = np.zeros((room, 2), np.uint64), np.zeros((len(words), 3), np.int64)
    state, stats = fresh_state(), fresh_stats()
    for part in np.array_split(words, pieces):
        codec.load_walk()(
            np.frombuffer(part.tobytes(), codec.word), state, origin, *window, *size, events, triggers, stats
        )
    return events[: stats[TAKEN]].view(EVENT_DTYPE)[:, 0], triggers[: stats[TRIGGERS]], stats


def likely_words(codec: Codec, seed: int, count: int) -> Words:
    """Random words of which many are of the known types."""
    random = np.random.default_rng(seed)
    bits = codec.word.itemsize * 8
    words = (
        random.integers(0, 2**bits, count, np.uint64, endpoint=False)
        if bits < 64
        else random.integers(0, 2**64, count, np.uint64, endpoint=False)
    )
    if codec is not DAT:
        shift = np.uint64(28 if codec is EVT21_LEGACY else bits - 4)
        types = random.choice(np.array([0, 1, 2, 3, 4, 5, 6, 8, 10, 15], np.uint64), count)
        words = words & ~(np.uint64(15) << shift) | types << shift
    return words.astype(codec.word)


@pytest.mark.parametrize("codec", [EVT2, EVT21, EVT21_LEGACY, EVT3, DAT], ids=lambda codec: codec.format_name)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 600), pieces=st.integers(1, 5))
def test_any_words(codec: Codec, seed: int, count: int, pieces: int) -> None:
    words = likely_words(codec, seed, count)
    expected = codec.plain(words, UNKNOWN)
    events, triggers, stats = walk(codec, words, pieces=pieces)
    np.testing.assert_array_equal(events, expected.events)
    for column, name in enumerate(("p", "t", "id")):
        np.testing.assert_array_equal(triggers[:, column], expected.triggers[name])
    times = expected.events["t"]
    if times.size:
        assert (stats[EARLIEST], stats[LATEST]) == (times.min(), times.max())
        assert stats[DISORDER] == (np.diff(times) < 0).any()


@pytest.mark.parametrize("codec", [EVT2, EVT21, EVT3, DAT], ids=lambda codec: codec.format_name)
def test_window_sensor_and_origin(codec: Codec) -> None:
    words = likely_words(codec, 7, 3000)
    events = codec.plain(words, UNKNOWN).events
    low, high = np.quantile(events["t"], [0.3, 0.7]).astype(int).tolist()
    inside = (events["t"] >= low) & (events["t"] < high)
    framed = (events["x"] < 1000) & (events["y"] < 900)
    found, _, stats = walk(codec, words, (0, high - low), (1000, 900), low)
    expected = events[inside & framed]
    assert 0 < len(expected) < inside.sum() < len(events)
    np.testing.assert_array_equal(found["t"] + low, expected["t"])
    np.testing.assert_array_equal(found[["x", "y", "p"]], expected[["x", "y", "p"]])
    assert stats[OUTSIDE] == (inside & ~framed).sum()


@pytest.mark.parametrize("codec", [EVT2, EVT21, EVT3, DAT], ids=lambda codec: codec.format_name)
def test_without_room_it_only_counts(codec: Codec) -> None:
    words = likely_words(codec, 3, 500)
    state, stats = fresh_state(), fresh_stats()
    room = np.full((10, 2), 7, np.uint64)
    codec.load_walk()(
        np.frombuffer(words.tobytes(), codec.word),
        state,
        0,
        *EVER,
        ANY,
        ANY,
        room[:3],
        np.zeros((0, 3), np.int64),
        stats,
    )
    assert stats[TAKEN] == len(codec.plain(words, UNKNOWN).events) > 3
    assert (room[3:] == 7).all()

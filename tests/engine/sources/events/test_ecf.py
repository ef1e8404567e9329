"""ECF chunks in all three forms, and any bytes at all."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.engine.sources.events.writers import ecf_chunk, random_events
from wholefield.sources.events.ecf import decode_chunk
from wholefield.sources.events.recording import EVENT_DTYPE, Events

FORMS = ("yxp", "xp", "masked")


def scene(seed: int, count: int) -> Events:
    """Events with runs of equal times, rows, neighboring columns and polarities of many lengths."""
    random = np.random.default_rng(seed)
    events = random_events(count, count, seed)
    events["t"] = 10**12 + np.cumsum(random.choice([0, 0, 0, 1, 14, 15, 16, 300, 10**6], count))
    events["y"] = np.repeat(random.integers(0, 2048, count), random.integers(1, 80, count))[:count]
    events["x"] = (np.cumsum(random.choice([1, 1, 1, 2, 7], count)) + 5) % 2040
    events["p"] = np.repeat(random.integers(0, 2, count), random.integers(1, 300, count))[:count]
    return events


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 700))
def test_round_trip(form: str, seed: int, count: int) -> None:
    events = scene(seed, count)
    decoded, expected = decode_chunk(ecf_chunk(events, form))
    assert expected == count
    np.testing.assert_array_equal(decoded, events)


@pytest.mark.parametrize("form", FORMS)
def test_long_runs(form: str) -> None:
    events = np.zeros(40_000, EVENT_DTYPE)
    events["x"], events["y"] = 9, 8
    decoded, _ = decode_chunk(ecf_chunk(events, form))
    np.testing.assert_array_equal(decoded, events)


@pytest.mark.parametrize("form", FORMS)
def test_cut_off_chunks_give_whole_events(form: str) -> None:
    events = scene(3, 500)
    content = ecf_chunk(events, form)
    most = 0
    for size in range(0, len(content), 7):
        decoded, _ = decode_chunk(content[:size])
        np.testing.assert_array_equal(decoded, events[: len(decoded)])
        most = max(most, len(decoded))
    assert most >= (300 if form != "masked" else 1)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200), flags=st.integers(0, 3), count=st.integers(0, 2**30 - 1))
def test_any_bytes(content: bytes, flags: int, count: int) -> None:
    decoded, expected = decode_chunk((count << 2 | flags).to_bytes(4, "little") + content)
    assert len(decoded) <= min(max(expected, 0), 65535)

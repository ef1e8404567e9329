"""Filters against brute force, in any blocks, and the text of a chain."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.engine.sources.events.filters import brute
from wholefield.errors import SettingError
from wholefield.sources.events.filters.chain import EventFilter, FilterChain
from wholefield.sources.events.filters.kinds import KINDS
from wholefield.sources.events.recording import EVENT_DTYPE, Events

WIDTH, HEIGHT = 7, 5
CASES: dict[str, Callable[[], list[brute.Keep]]] = {
    "refractory=20us": lambda: [brute.refractory(20)],
    "background=15us": lambda: [brute.background(15, 1)],
    "background=40us:3": lambda: [brute.background(40, 3)],
    "stc=25us": lambda: [brute.stc(25, "keep")],
    "stc=25us:cut": lambda: [brute.stc(25, "cut")],
    "trail=25us": lambda: [brute.trail(25)],
    "antiflicker=500Hz:40kHz:2:300us": lambda: [brute.antiflicker(500, 40_000, 2, 300)],
    "roi=2:1:6:4": lambda: [brute.roi(2, 1, 6, 4)],
    "polarity=on": lambda: [brute.polarity("on")],
    "polarity=off": lambda: [brute.polarity("off")],
    "polarity=invert": lambda: [brute.polarity("invert")],
    "flip": lambda: [brute.flip("horizontal", WIDTH, HEIGHT)],
    "flip=vertical": lambda: [brute.flip("vertical", WIDTH, HEIGHT)],
    "rotate": lambda: [brute.rotate(WIDTH, HEIGHT)],
    "rotate=180": lambda: [brute.rotate(WIDTH, HEIGHT), brute.rotate(HEIGHT, WIDTH)],
    "rotate=270": lambda: [brute.rotate(WIDTH, HEIGHT), brute.rotate(HEIGHT, WIDTH), brute.rotate(WIDTH, HEIGHT)],
    "downsample": lambda: [brute.downsample(2)],
    "refractory=10us, rotate, background=30us, flip, stc=40us": lambda: [
        brute.refractory(10), brute.rotate(WIDTH, HEIGHT), brute.background(30, 1),
        brute.flip("horizontal", HEIGHT, WIDTH), brute.stc(40, "keep"),
    ],
}  # fmt: skip


def busy_events(count: int, seed: int, span: int = 12) -> Events:
    """Events of few pixels, often several in the same us, with rubbish between their fields."""
    random = np.random.default_rng(seed)
    events = random.integers(0, 2**63, 2 * count).astype(np.uint64).view(EVENT_DTYPE)
    events["x"], events["y"] = random.integers(0, WIDTH, count), random.integers(0, HEIGHT, count)
    events["p"] = random.integers(0, 2, count)
    events["t"] = np.cumsum(random.integers(0, span, count))
    return events


def through(chain: FilterChain, events: Events, cuts: list[int]) -> Events:
    running = chain.start((WIDTH, HEIGHT))
    edges = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    parts = [running.run(events[a:b])[0] for a, b in pairwise(edges)]
    assert running.counts[0] == len(events)
    assert running.counts[-1] == sum(map(len, parts))
    return np.concatenate(parts)


@pytest.mark.parametrize("text", CASES)
@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6),
    span=st.sampled_from([1, 4, 12, 60]),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
def test_the_blocks_do_not_matter(text: str, seed: int, span: int, cuts: list[int]) -> None:
    events = busy_events(300, seed, span)
    rows = [tuple(row) for row in events[["x", "y", "p", "t"]].tolist()]
    found = through(FilterChain.parse(text), events, cuts)
    assert found[["x", "y", "p", "t"]].tolist() == brute.run(CASES[text](), rows)


@pytest.mark.parametrize("text", ["antiflicker=500Hz:40kHz:2:300us", "stc=25us:cut", "background=40us:3"])
def test_the_cases_remove_and_keep(text: str) -> None:
    events = busy_events(3000, 1, 12)
    assert 30 < len(through(FilterChain.parse(text), events, [])) < 2970


def test_a_lamp_is_removed_and_an_edge_stays() -> None:
    """100 Hz of one pixel beside a pixel that sees something twice."""
    times = np.arange(0, 500_000, 5000)
    lamp = np.zeros(len(times), EVENT_DTYPE)
    lamp["p"], lamp["t"] = np.arange(len(times)) % 2, times
    edge = np.array([(3, 3, 1, 250_000), (3, 3, 0, 411_111)], EVENT_DTYPE)
    events = np.concatenate([lamp, edge])
    events = events[np.argsort(events["t"], kind="stable")]
    found = through(FilterChain.parse("antiflicker"), events, [])
    assert (found["x"] == 3).sum() == 2
    # The first change to ON, and seven periods of two events.
    assert (found["x"] == 0).sum() == 1 + 7 * 2


def test_disabled_filters_do_nothing() -> None:
    chain = FilterChain((EventFilter("polarity", ("on",), enabled=False),))
    events = busy_events(50, 0)
    assert not chain
    assert chain.text == ""
    np.testing.assert_array_equal(through(chain, events, [])["t"], events["t"])


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("", ""),
        (" refractory = 1ms ,background=10ms:1 ", "refractory=1ms, background=10ms"),
        ("stc=0.5s:cut", "stc=500ms:cut"),
        ("roi=1:2:3.5:4,hot", "roi=1:2:3.5:4, hot=10"),
        ('mask="a, b.png"', 'mask="a, b.png"'),
        ("mask=C:\\a.png", "mask=C:\\a.png"),
        ("antiflicker=0.1kHz:130Hz", "antiflicker=100Hz"),
        ("trail", "trail=10ms"),
    ],
)
def test_texts(text: str, same: str) -> None:
    chain = FilterChain.parse(text)
    assert chain.text == same
    assert FilterChain.parse(chain.text) == chain


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("refactory=1ms", r"There is no filter 'refactory'; choose from roi, mask"),
        ("refractory=fast", r"The filter refractory is 'fast' but must be a number such as 1ms\."),
        ("refractory=1Hz", r"unit does not fit; write 1ms"),
        ("refractory=0", r"from 1us to"),
        ("refractory=0.5us", r"whole microseconds"),
        ("refractory=1ms:2", r"takes no '2'"),
        ("background=1ms:9", r"from 1 to 8"),
        ("stc=1ms:both", r"one of keep, cut, not 'both'"),
        ("roi=1:2:3", r"left:top:right:bottom"),
        ("roi", r"The filter roi needs its region\."),
        ("antiflicker=130:90", r"from a lower to a higher"),
        ("refractory=1,5ms", r"There is no filter '5ms'"),
        ('mask="a', r"open a quote"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        FilterChain.parse(text)


@given(st.lists(st.sampled_from([*KINDS, "=", ":", ",", '"', " ", "1ms", "2", "on", "."]), max_size=8))
def test_a_text_is_read_or_refused(words: list[str]) -> None:
    try:
        chain = FilterChain.parse("".join(words))
    except SettingError:
        return
    assert FilterChain.parse(chain.text) == chain


def test_sizes_behind_filters() -> None:
    assert FilterChain.parse("rotate, downsample=2").size((WIDTH, HEIGHT)) == (3, 4)
    assert FilterChain.parse("rotate=180").size((WIDTH, HEIGHT)) == (WIDTH, HEIGHT)
    assert FilterChain.parse("flip").moves
    assert not FilterChain.parse("refractory, polarity=invert").moves

"""EVT 3.0 by hand: vectors, jitter of the low time, rounds of the high time."""

import numpy as np

from wholefield.sources.events.codec import UNKNOWN
from wholefield.sources.events.evt3 import EVT3, plain

HIGH, LOW, ROW, ONE, BASE, V12, V8 = (kind << 12 for kind in (8, 6, 0, 2, 3, 4, 5))


def decoded(*words: int) -> list[tuple[int, int, int, int]]:
    return plain(np.array(words, "<u2"), UNKNOWN).events.tolist()


def test_vectors_go_on_where_the_last_one_ended() -> None:
    words = HIGH | 1, LOW | 5, ROW | 9, BASE | 1 << 11 | 100, V12 | 0b100000000001, V8 | 0b10000010
    assert decoded(*words) == [(100, 9, 1, 4101), (111, 9, 1, 4101), (113, 9, 1, 4101), (119, 9, 1, 4101)]


def test_a_single_event_does_not_move_the_vector() -> None:
    words = HIGH | 0, LOW | 5, ROW | 9, BASE | 100, ONE | 1 << 11 | 7, V8 | 1
    assert decoded(*words) == [(7, 9, 1, 5), (100, 9, 0, 5)]


def test_a_small_step_back_of_the_low_time_is_jitter() -> None:
    words = HIGH | 2, ROW | 1, LOW | 100, ONE | 1, LOW | 97, ONE | 2, LOW | 101, ONE | 3
    assert [t for *_, t in decoded(*words)] == [8292, 8289, 8293]


def test_the_high_time_begins_a_new_round() -> None:
    words = (
        ROW | 1,
        HIGH | 0xFFF,
        LOW | 0xFFF,
        ONE | 1,
        HIGH | 0,
        LOW | 3,
        ONE | 2,
        HIGH | 0xFFF,
        LOW | 2,
        ONE | 3,
    )
    assert [t for *_, t in decoded(*words)] == [2**24 - 1, 2**24 + 3, 2**24 - 4094]


def test_a_new_high_time_sets_the_low_time_to_zero_and_a_repeated_one_does_not() -> None:
    words = ROW | 1, HIGH | 1, LOW | 9, HIGH | 1, ONE | 1, HIGH | 2, ONE | 2
    assert [t for *_, t in decoded(*words)] == [4105, 8192]


def test_what_comes_before_time_and_row_is_left_out() -> None:
    assert decoded(ROW | 1, ONE | 1, LOW | 4, ONE | 2, HIGH | 1, ONE | 3) == [(3, 1, 0, 4096)]
    assert decoded(HIGH | 1, LOW | 4, ONE | 2, ROW | 7, ONE | 3) == [(3, 7, 0, 4100)]


def test_clock() -> None:
    assert EVT3.clock(np.array([ROW | 1, HIGH | 3, HIGH | 4], "<u2")) == (1, 3 << 12)
    assert EVT3.clock(np.array([ROW | 1, LOW | 3], "<u2")) is None

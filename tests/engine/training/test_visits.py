"""Visits to rows: every row as often as asked, in an order of the seed, and continued where a step was cut short."""

from collections import Counter
from contextlib import ExitStack
from itertools import islice

import pytest
from hypothesis import given, strategies as st

from wholefield.training.visits import Visits


class Places(Visits[tuple[int, int]]):
    """Rows with their places; notes what is open, and what was closed."""

    def item(self, row: int, place: int, files: ExitStack) -> tuple[int, int]:
        self.open = getattr(self, "open", 0) + 1
        files.callback(self._close)
        return row, place

    def _close(self) -> None:
        self.open -= 1


def rows(visits: Places) -> list[int]:
    return [row for batch in visits for row, _ in batch]


@given(
    st.integers(1, 20),
    st.integers(1, 4),
    st.none() | st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(0, 5),
)
def test_every_row_is_visited_as_often_as_asked(
    count: int, repeats: int, seed: int | None, size: int, epoch: int
) -> None:
    visits = Places(count, repeats, seed, size)
    visits.begin(epoch)
    batches = list(visits)
    assert len(batches) == len(visits) == -(-count * repeats // size)
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= size
    assert Counter(row for batch in batches for row, _ in batch) == dict.fromkeys(range(count), repeats)
    assert [place for batch in batches for _, place in batch] == list(range(count * repeats))


def test_without_a_seed_the_rows_come_in_order_every_time() -> None:
    visits = Places(3, 2)
    assert rows(visits) == rows(visits) == [0, 1, 2, 0, 1, 2]


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    visits, other = Places(30, seed=1), Places(30, seed=1)
    first = rows(visits)
    visits.begin(1)
    second = rows(visits)
    assert first != second
    other.begin(1)
    assert rows(other) == second
    other.begin(0)
    assert rows(other) == first
    assert rows(Places(30, seed=2)) != first


def test_random_numbers_of_a_place_are_its_own() -> None:
    visits = Places(5, seed=3)
    drawn = {place: visits.random(place).integers(0, 2**62) for place in range(-1, 5)}
    assert len(set(drawn.values())) == 6
    assert {place: visits.random(place).integers(0, 2**62) for place in range(-1, 5)} == drawn
    visits.begin(1)
    assert all(visits.random(place).integers(0, 2**62) != number for place, number in drawn.items())


@pytest.mark.parametrize("taken", range(6))
@pytest.mark.parametrize("size", [1, 2, 3])
def test_goes_on_with_the_batch_that_was_not_done(taken: int, size: int) -> None:
    """The last batch that was given may have been cut short, so it is given again."""
    whole = Places(7, 2, 4, size)
    whole.begin(2)
    expected = list(whole)
    first = Places(7, 2, 4, size)
    first.begin(2)
    stream = iter(first)
    seen = list(islice(stream, min(taken, len(expected))))
    again = Places(7, 2, 4, size)
    again.load_state_dict(first.state_dict())
    again.begin(2)
    assert seen[:-1] + list(again) == expected
    again.begin(3)
    assert len(list(again)) == len(expected)


def test_files_are_open_while_their_batch_is_the_one_in_hand() -> None:
    visits = Places(5, seed=0, batch_size=2)
    assert [visits.open for _ in visits] == [2, 2, 1]
    assert visits.open == 0

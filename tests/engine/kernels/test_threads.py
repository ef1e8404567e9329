"""Work in parts, side by side: every part once, errors to the caller, one torch thread each."""

import threading
from itertools import pairwise

import pytest
import torch

from wholefield.kernels import threads


@pytest.mark.parametrize(
    ("first", "last", "each"), [(0, 10, 1), (3, 50, 2**18), (0, 1, 2**30), (5, 105, 10**6)]
)
def test_parts_cover_a_range_without_overlap(first: int, last: int, each: int) -> None:
    parts = threads.parts_of(first, last, each)
    assert parts[0][0] == first
    assert parts[-1][1] == last
    assert all(one[1] == other[0] for one, other in pairwise(parts))
    assert 1 <= len(parts) <= min(torch.get_num_threads(), last - first)


def test_calls_run_side_by_side_and_all_of_them() -> None:
    together = threading.Barrier(2, timeout=60)
    done: list[int] = []

    def call(number: int) -> None:
        together.wait()
        done.append(number)

    threads.run_compiled([(call, 1), (call, 2)])
    assert sorted(done) == [1, 2]


def test_torch_calls_have_one_thread_each_and_a_single_one_has_all() -> None:
    counts: list[int] = []

    def call() -> None:
        counts.append(torch.get_num_threads())

    threads.run_torch([(call,), (call,)])
    assert counts == [1, 1]
    threads.run_torch([(call,)])
    assert counts[2] == torch.get_num_threads()


def test_an_error_in_a_call_reaches_the_caller() -> None:
    def fail() -> None:
        raise ValueError("a part failed")

    for run in (threads.run_compiled, threads.run_torch):
        with pytest.raises(ValueError, match="a part failed"):
            run([(fail,), (int,)])

"""Calls side by side, in threads that live as long as the process, like those of OpenMP."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from threading import Barrier
from typing import Any, TypeAlias

import torch

LEAST_PART = 2**18
"""Numbers below which waking another thread costs more than it saves."""

Part: TypeAlias = tuple[int, int]
"""Things from the first to behind the last."""

Call: TypeAlias = tuple[Any, ...]
"""A function and its arguments."""


def parts_of(first: int, last: int, each: int) -> list[Part]:
    """A range of things with that many numbers each, in a part for every thread that is worth waking."""
    count = max(1, min(torch.get_num_threads(), last - first, (last - first) * each // LEAST_PART))
    return list(pairwise(first + (last - first) * part // count for part in range(count + 1)))


def run_compiled(calls: Sequence[Call]) -> None:
    """Run compiled functions side by side, the last one in this thread."""
    waiting = [_pool().submit(*call) for call in calls[:-1]]
    function, *arguments = calls[-1]
    function(*arguments)
    for each in waiting:
        each.result()


def run_torch(calls: Sequence[Call]) -> None:
    """Run functions side by side whose torch operations take one thread each; a single one takes all threads."""
    if len(calls) == 1:
        function: Callable[..., None] = calls[0][0]
        function(*calls[0][1:])
        return
    for each in [_pool().submit(*call) for call in calls]:
        each.result()


@cache
def _pool() -> ThreadPoolExecutor:
    count, threads = os.cpu_count() or 1, torch.get_num_threads()
    started = Barrier(count + 1)

    def start() -> None:
        # torch takes the number of threads over when it is first asked for it; only what is set after that is ours.
        torch.get_num_threads()
        torch.set_num_threads(1)
        started.wait()

    pool = ThreadPoolExecutor(count, "wholefield-kernels", start)
    for _ in range(count):
        pool.submit(int)
    started.wait()
    # What was set last is also what threads that come later begin with.
    torch.set_num_threads(threads)
    return pool


if hasattr(os, "register_at_fork"):
    # A forked process has none of the threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)

"""What tests of maps share: which inputs torch reads, the checks of a map against them, and chains of windows."""

from collections.abc import Callable

import torch
from hypothesis import strategies as st
from torch import Tensor

from wholefield.streaming.geometry.axis import AxisMap, window
from wholefield.streaming.geometry.schedule import AxisNode

Reads = list[set[int]]
"""For each output the inputs that it reads."""

LENGTHS = st.integers(1, 15)


def reads_of(function: Callable[[Tensor], Tensor], length: int) -> Reads:
    bright = torch.eye(length, dtype=torch.float64)[:, None, :]
    seen = function(bright)[:, 0, :] != 0
    return [set(seen[:, k].nonzero()[:, 0].tolist()) for k in range(seen.shape[1])]


def check(axis_map: AxisMap, reads: Reads, *, tight: bool = True, slack: int = 0) -> None:
    """All that the schedule relies on. Tight: nothing is held longer or awaited later than needed."""
    assert axis_map.length_out == len(reads)
    _check_needs(axis_map, reads, tight, slack)
    _check_ready(axis_map, reads, tight and not slack)
    _check_oldest(axis_map, reads, tight and not slack)
    _check_together(axis_map)


def _check_needs(axis_map: AxisMap, reads: Reads, tight: bool, slack: int) -> None:
    for start in range(len(reads)):
        union: set[int] = set()
        for stop in range(start + 1, len(reads) + 1):
            union |= reads[stop - 1]
            low, high = axis_map.needs(start, stop)
            assert 0 <= low < high <= axis_map.length_in
            if union:
                assert low <= min(union) <= max(union) < high
                if tight:
                    assert min(union) - low <= slack
                    assert high - 1 - max(union) <= slack


def _check_ready(axis_map: AxisMap, reads: Reads, tight: bool) -> None:
    assert axis_map.ready(0) == 0
    assert axis_map.ready(axis_map.length_in) == axis_map.length_out
    for available in range(1, axis_map.length_in):
        most = 0
        while most < len(reads) and all(k < available for k in reads[most]):
            most += 1
        found = axis_map.ready(available)
        assert found <= most
        assert found == most or not tight
        assert found >= axis_map.ready(available - 1)


def _check_oldest(axis_map: AxisMap, reads: Reads, tight: bool) -> None:
    assert axis_map.oldest(len(reads)) == axis_map.length_in
    for done in range(len(reads)):
        rest = set().union(*reads[done:])
        found = axis_map.oldest(done)
        assert found <= axis_map.oldest(done + 1)
        if rest:
            assert found <= min(rest)
            assert found == min(rest) or not tight


def _check_together(axis_map: AxisMap) -> None:
    """What becomes ready needs only what is there, and nothing that was released."""
    steps = sorted({axis_map.ready(available) for available in range(axis_map.length_in + 1)})
    for available in range(1, axis_map.length_in + 1):
        stop = axis_map.ready(available)
        for start in (step for step in steps if step < stop):
            low, high = axis_map.needs(start, stop)
            assert high <= available
            assert low >= axis_map.oldest(start)


layers = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=5)


def chain(shape: list[tuple[int, int, int]], length: int = 3000) -> list[AxisNode]:
    nodes = [AxisNode((), (), length)]
    for index, (kernel, step, dilation) in enumerate(shape):
        along = window(length, kernel, step, dilation, dilation * (kernel - 1) // 2)
        nodes.append(AxisNode((index,), (along,), along.length_out))
        length = along.length_out
    return nodes

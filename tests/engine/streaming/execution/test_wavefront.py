"""Tiles side by side: their order, the threads that compute them, and results that do not tell how many there were."""

import random
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from torch import Tensor, nn

from tests.conftest import PATIENCE_S
from tests.engine.streaming.layers import small
from wholefield.errors import SettingError
from wholefield.kernels import winograd
from wholefield.streaming import GatedAttentionPool, MaxPool, MeanPool, Reduction, Streamed, TileVisit
from wholefield.streaming.execution import sweep, tile
from wholefield.streaming.execution.back_propagation import GradientSums
from wholefield.streaming.execution.halo import Halo
from wholefield.streaming.execution.handed_on import HandedOn
from wholefield.streaming.execution.recurrence import Tile, lay_out, shifted
from wholefield.streaming.execution.wavefront import Crew, InOrder, raster_order, run_tiles
from wholefield.streaming.planning.workers import LAG, _speedup, workers_for
from wholefield.streaming.tracing.trace import trace

COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)
CREWS = (1, 2, 5)


def crew(workers: int, deterministic: bool = False) -> Crew:
    return Crew(workers, deterministic, nullcontext)


def before(tile: Tile) -> list[Tile]:
    return [(*tile[:axis], t - 1, *tile[axis + 1 :]) for axis, t in enumerate(tile) if t]


@given(counts=COUNTS, reverse=st.booleans())
def test_every_tile_starts_once_after_its_predecessors(counts: tuple[int, ...], reverse: bool) -> None:
    order = list(raster_order(counts, reverse=reverse))
    assert sorted(order) == list(product(*map(range, counts)))
    place = {tile: k for k, tile in enumerate(order)}
    assert all((place[earlier] < place[tile]) is not reverse for tile in order for earlier in before(tile))


@given(counts=COUNTS, workers=st.integers(1, 9))
def test_workers_bring_no_more_than_there_are(counts: tuple[int, ...], workers: int) -> None:
    tiles, gained = int(np.prod(counts)), _speedup(counts, workers)
    assert 1.0 - 1e-9 <= gained <= min(workers, tiles) + 1e-9
    # All that one worker does, shared out evenly, and the last tile as far behind the first as tiles lie apart.
    lag = LAG * sum(count - 1 for count in counts)
    assert tiles / gained >= max(tiles / workers, 1 + lag) - 1e-9
    assert tiles / gained <= -(-tiles // workers) * (1 + LAG * len(counts)) + lag + 1e-9


@pytest.mark.parametrize(
    ("counts", "workers", "gained"),
    [((3,), 1, 1.0), ((1, 9), 3, 9 / 3.2), ((2, 2), 2, 4 / 2.1), ((3,), 8, 3 / 1.2)],
)
def test_what_workers_bring(counts: tuple[int, ...], workers: int, gained: float) -> None:
    assert _speedup(counts, workers) == pytest.approx(gained)


@given(
    counts=COUNTS,
    workers=st.integers(1, 4),
    reverse=st.booleans(),
    deterministic=st.booleans(),
    seed=st.integers(0, 99),
)
def test_tiles_run_node_by_node_behind_their_neighbors(
    counts: tuple[int, ...], workers: int, reverse: bool, deterministic: bool, seed: int
) -> None:
    chance, here = random.Random(seed), threading.get_ident()
    running, most, lock = 0, 0, threading.Lock()
    handed_on, step = HandedOn[tuple[Tile, int]](None, reverse=reverse), -1 if reverse else 1
    started: list[Tile] = []
    finished: set[Tile] = set()

    def work(tile: Tile, pauses: list[float]) -> Tile:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        for node, pause in enumerate(pauses):
            threading.Event().wait(pause)
            for axis, count in enumerate(counts):
                giver = shifted(tile, axis, -step)
                # The last node is handed on by every second tile.
                given = node < 2 or sum(giver) % 2 == 0
                if 0 <= giver[axis] < count:
                    assert handed_on.take(tile, axis, node) == ((giver, node) if given else None)
                if node < 2 or sum(tile) % 2 == 0:
                    handed_on.put(tile, axis, node, (tile, node))
        with lock:
            running -= 1
        return tile

    def prepare(tile: Tile) -> Callable[[], Tile]:
        assert threading.get_ident() == here
        started.append(tile)
        return partial(work, tile, [chance.random() * 5e-4 for _ in range(3)])

    def finish(tile: Tile, result: Tile) -> None:
        assert threading.get_ident() == here
        assert tile == result
        finished.add(tile)

    run_tiles(counts, crew(workers, deterministic), prepare, finish, handed_on, reverse=reverse)
    assert started == list(raster_order(counts, reverse=reverse))
    assert finished == set(started)
    assert most <= workers


def test_a_tile_starts_before_its_neighbor_is_finished() -> None:
    handed_on, both = HandedOn[int](None), threading.Barrier(2)

    def work(tile: Tile) -> None:
        if tile[1]:
            assert handed_on.take(tile, 1, 0) == tile[1] - 1
        handed_on.put(tile, 1, 0, tile[1])
        # The one at the left goes on when the one at the right has come as far.
        both.wait(PATIENCE_S)

    run_tiles((1, 2), crew(2), lambda tile: partial(work, tile), lambda *_: None, handed_on)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_tile_that_others_wait_for_comes_back_although_they_have_all_places(workers: int) -> None:
    """The first tile waits without a place, for what it is told only when all others wait for it with theirs."""
    handed_on, told = HandedOn[int](None), threading.Event()
    others: list[Tile] = []

    def work(tile: Tile) -> None:
        if tile == (0,):
            with handed_on.places.given_up():
                assert told.wait(PATIENCE_S)
        else:
            others.append(tile)
            if len(others) == workers:
                told.set()
            assert handed_on.take(tile, 0, 0) == tile[0] - 1
        handed_on.put(tile, 0, 0, tile[0])

    run_tiles(
        (workers + 1,), crew(workers, True), lambda tile: partial(work, tile), lambda *_: None, handed_on
    )


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("where", ["prepare", "job", "finish"])
def test_an_error_ends_the_run_and_leaves_nothing_running(where: str, workers: int) -> None:
    running, started, handed_on = 0, 0, HandedOn[int](None)

    def fail(here: str, tile: Tile) -> None:
        if here == where and tile == (2, 1):
            raise KeyError(where)

    def work(tile: Tile) -> None:
        nonlocal running
        running += 1
        try:
            threading.Event().wait(1e-3)
            fail("job", tile)
            # Those behind the one that failed wait for it in vain.
            for axis, t in enumerate(tile):
                if t:
                    handed_on.take(tile, axis, 0)
                handed_on.put(tile, axis, 0, 0)
        finally:
            running -= 1

    def prepare(tile: Tile) -> Callable[[], None]:
        nonlocal started
        started += 1
        fail("prepare", tile)
        return partial(work, tile)

    with pytest.raises(KeyError, match=where):
        run_tiles((4, 4), crew(workers), prepare, lambda tile, _: fail("finish", tile), handed_on)
    assert running == 0
    assert started < 16


def test_the_number_of_threads_is_as_it_was() -> None:
    torch.set_num_threads(2)
    found: dict[Tile, int] = {}
    run_tiles((3, 3), crew(2), lambda _: torch.get_num_threads, found.__setitem__, HandedOn[int](None))
    # The last tile has nobody beside it.
    assert [found[tile] for tile in raster_order((3, 3))] == [*[1] * 8, 2]
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert (torch.get_num_threads(), *later) == (2, 2)


@given(tiles=st.integers(1, 5), slots=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_gradients_are_summed_in_the_order_of_the_tiles(tiles: int, slots: int, seed: int) -> None:
    chance = random.Random(seed)
    tensors = [torch.zeros(2, dtype=torch.float16, requires_grad=True) for _ in range(slots)]
    grads = {
        (t, k): torch.randn(2).half() for t in range(tiles) for k in range(slots) if chance.random() < 0.8
    }
    sums = GradientSums(tensors, [(t,) for t in range(tiles)])
    waiting = [(t, k) for t in range(tiles) for k in range(slots)]
    chance.shuffle(waiting)
    leaves = [sums.leaves((t,)) for t in range(tiles)]
    left = dict.fromkeys(range(tiles), slots)
    for t, k in waiting:
        if (t, k) in grads:
            (leaves[t][k] * grads[t, k]).sum().backward()
        left[t] -= 1
        if not left[t]:
            sums.finish((t,))
    for k, total in enumerate(sums.totals):
        expected: Tensor | None = None
        for grad in (grads[t, k].float() for t in range(tiles) if (t, k) in grads):
            expected = grad if expected is None else expected + grad
        if total is None or expected is None:
            assert total is expected
        else:
            assert total.dtype == torch.float32
            assert torch.equal(total, expected)


def test_things_are_handed_on_in_order() -> None:
    found: list[tuple[Tile, str]] = []
    line = InOrder[str]([(0,), (1,), (2,)], lambda tile, thing: found.append((tile, thing)))
    line.put((2,), "c")
    line.put((0,), "a")
    assert found == [((0,), "a")]
    line.put((1,), "b")
    assert found == [((0,), "a"), ((1,), "b"), ((2,), "c")]


def test_each_piece_is_handed_on_with_its_own_values() -> None:
    """Pieces that live only until they are handed on are told apart although they come to lie in the same place."""
    table, spans = HandedOn[Halo](None), ((0, 2), (0, 3))
    passing = sweep._HandingOn((0, 0, 0), table, remembers=False)
    for axis in range(3):
        passing.hand_on(axis, 1, ((spans, torch.full((1, 1, 2, 3), float(axis))),))
    for axis in range(3):
        ((_, piece),) = table.take(shifted((0, 0, 0), axis, 1), axis, 1) or ()
        assert piece.unique().tolist() == [axis]
    shared = torch.ones(1, 1, 2, 3)
    for axis in (0, 1):
        passing.hand_on(axis, 2, ((spans, shared),))
    first, second = (table.take(shifted((0, 0, 0), axis, 1), axis, 2) for axis in (0, 1))
    assert first is not None
    assert second is not None
    assert first[0][1] is second[0][1]
    assert first[0][1] is not shared


def passes(streamed: Streamed, image: Tensor) -> list[Tensor]:
    """Output and gradients, in single precision, where the order of sums shows."""
    leaf = image.clone().requires_grad_()
    streamed.zero_grad(set_to_none=True)
    result = streamed(leaf)
    result.square().sum().backward()
    gradients = [parameter.grad for parameter in streamed.parameters() if parameter.grad is not None]
    assert leaf.grad is not None
    return [result.detach(), leaf.grad, *gradients]


def same_bits(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(map(torch.equal, one, other)) and len(one) == len(other)


@pytest.fixture
def image() -> Tensor:
    return torch.randn(2, 2, 41, 53)


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that are late, each time another one."""
    compute, chance = tile.compute_tile, random.Random(3)

    def late(*args: Any, **options: Any) -> Any:
        threading.Event().wait(chance.random() * 2e-3)
        return compute(*args, **options)

    monkeypatch.setattr(sweep, "compute_tile", late)


@pytest.mark.usefixtures("delays")
def test_the_same_settings_give_the_same_bits(image: Tensor) -> None:
    network = small()
    for workers in CREWS:
        first, *others = (passes(Streamed(network, 9, workers=workers), image) for _ in range(4))
        assert all(same_bits(first, other) for other in others)


@pytest.mark.usefixtures("delays")
def test_outputs_do_not_tell_the_number_of_workers(image: Tensor) -> None:
    network = small()
    one, two, five = (passes(Streamed(network, 9, workers=workers), image) for workers in CREWS)
    assert torch.equal(one[0], two[0])
    assert torch.equal(one[0], five[0])
    for mine, other in zip(one, five, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4 * float(mine.abs().max()))


@pytest.mark.usefixtures("delays")
def test_gradients_do_not_either_if_that_is_wanted(image: Tensor) -> None:
    network = small()
    found = [passes(Streamed(network, 9, workers=workers, deterministic=True), image) for workers in CREWS]
    assert same_bits(found[0], found[1])
    assert same_bits(found[0], found[2])


@pytest.mark.usefixtures("delays")
@pytest.mark.parametrize("pool", [MeanPool(), MaxPool(), GatedAttentionPool(3)])
def test_reductions(pool: Reduction, image: Tensor) -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.GELU(), nn.Conv2d(3, 3, 3, 2))
    one, two, five = (passes(Streamed(network, 9, reduction=pool, workers=w), image) for w in CREWS)
    assert torch.equal(one[0], two[0])
    assert torch.equal(one[0], five[0])
    wide = nn.Sequential(network, pool).double()
    expected = passes_of(wide, image.double())
    for mine, other in zip(
        passes(Streamed(network.double(), 9, reduction=pool.double(), workers=3), image.double()),
        expected,
        strict=True,
    ):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12 * max(float(other.abs().max()), 1.0))
    wide.float()


def passes_of(network: nn.Module, image: Tensor) -> list[Tensor]:
    leaf = image.clone().requires_grad_()
    network.zero_grad(set_to_none=True)
    result = network(leaf)
    result.square().sum().backward()
    assert leaf.grad is not None
    return [result.detach(), leaf.grad, *(p.grad for p in network.parameters() if p.grad is not None)]


def test_halos_on_disk_and_results_that_are_kept(image: Tensor) -> None:
    network, wide = small().double(), image.double()
    expected = passes(Streamed(network, 9, workers=1), wide)
    for halos, keep in ((1000, 10**6), (None, 0), (None, 10**9)):
        found = passes(Streamed(network, 9, workers=4, halo_budget=halos, keep_budget=keep), wide)
        for mine, other in zip(found, expected, strict=True):
            torch.testing.assert_close(
                mine, other, rtol=1e-12, atol=1e-12 * max(float(other.abs().max()), 1.0)
            )


class Lazy:
    """An image that is read box by box, and notes what was read by whom."""

    def __init__(self, image: Tensor) -> None:
        self.shape, self.dtype, self.device = image.shape, image.dtype, image.device
        self.image = image
        self.threads: list[int] = []

    def read(self, spans: tuple[tuple[int, int], ...]) -> Tensor:
        self.threads.append(threading.get_ident())
        return self.image[(slice(None), slice(None), *(slice(*span) for span in spans))]


def test_a_lazy_image_is_read_by_one_thread_each_box_once(image: Tensor) -> None:
    network, lazy = small(), Lazy(image)
    with torch.no_grad():
        expected = Streamed(network, 9, workers=1)(image)
        assert torch.equal(Streamed(network, 9, workers=4)(lazy), expected)
    assert len(lazy.threads) == 30
    assert len(set(lazy.threads)) == 1


def test_writing_to_an_array(image: Tensor, tmp_path: Path) -> None:
    network = small()
    with torch.no_grad():
        expected = Streamed(network, 9, workers=1)(image).numpy()
    array = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.float32, expected.shape)
    Streamed(network, 9, workers=4).write(image, array)
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_modes_hold_in_the_workers(mode: Callable[[], Any], image: Tensor) -> None:
    network = small()
    with mode(), torch.autocast("cpu", torch.bfloat16):
        one, four = (Streamed(network, 9, workers=workers)(image) for workers in (1, 4))
    assert one.dtype == four.dtype
    assert torch.equal(one, four)
    assert not four.requires_grad


def test_tiles_are_announced_in_the_callers_thread_and_can_be_refused(image: Tensor) -> None:
    visits: list[TileVisit] = []
    threads: set[int] = set()

    def see(visit: TileVisit) -> None:
        threads.add(threading.get_ident())
        visits.append(visit)
        if len(visits) == 17:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Streamed(small(), 9, workers=3, on_tile=see)(image)
    assert threads == {threading.get_ident()}
    assert len(visits) == 17
    assert [visit.index for visit in visits[:3]] == [(0, 0), (0, 1), (0, 2)]


@pytest.mark.parametrize("workers", CREWS)
def test_a_pass_can_be_cancelled_within_a_tile(workers: int, image: Tensor) -> None:
    visits: list[TileVisit] = []
    polls = 0

    def poll() -> None:
        nonlocal polls
        polls += 1
        if polls == 3:
            raise InterruptedError

    streamed = Streamed(small(), 60, on_tile=visits.append, poll=poll, workers=workers)
    with pytest.raises(InterruptedError):
        streamed(image)
    assert len(visits) == 1
    polls = 10
    streamed(image.requires_grad_()).sum().backward()
    # Four layers (normalization is folded) in each sweep.
    assert polls == 10 + 2 * 4


def test_random_numbers_are_drawn_by_one_worker(image: Tensor) -> None:
    network = nn.Sequential(nn.Conv2d(2, 2, 3), nn.Dropout(0.5))
    found = []
    for workers in (1, 4):
        torch.manual_seed(4)
        found.append(passes(Streamed(network, 9, workers=workers), image))
    assert same_bits(*found)


def test_a_number_of_workers_that_cannot_be() -> None:
    with pytest.raises(SettingError, match="number of workers is 0"):
        Streamed(small(), 9, workers=0)(torch.zeros(1, 2, 30, 30))


@pytest.mark.parametrize(
    ("threads", "shape", "workers"),
    [(2, (41, 53), 2), (4, (9, 53), 4), (1, (41, 53), 1), (6, (18, 18), 4), (4, (90, 90), 4)],
)
def test_workers_are_chosen_by_threads_and_grid(threads: int, shape: tuple[int, int], workers: int) -> None:
    torch.set_num_threads(threads)
    network = small()
    program = trace(network, torch.Size((1, 2, *shape)), torch.float32, torch.device("cpu"))
    assert workers_for(lay_out(program, (9, 9), (1, 1)), None) == workers


def test_the_order_of_reading_is_that_of_the_tiles() -> None:
    assert crew(2).order((2, 2), reverse=True) == ((1, 1), (1, 0), (0, 1), (0, 0))
    assert crew(1).order((2, 3), reverse=False)[:4] == ((0, 0), (0, 1), (0, 2), (1, 0))


def _called(calls: list[str], name: str, function: Callable[..., Any], *given: Any) -> Any:
    calls.append(name)
    return function(*given)


@pytest.mark.parametrize("workers", CREWS)
def test_exact_kernels_are_those_of_torch(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("convolve", "gradients"):
        monkeypatch.setattr(winograd, name, partial(_called, calls, name, getattr(winograd, name)))
    network = nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.Conv2d(32, 32, 3))
    image = torch.randn(1, 32, 140, 140)
    fast = passes(Streamed(network, 70, workers=workers), image)
    assert calls
    calls.clear()
    exact = passes(Streamed(network, 70, workers=workers, exact_kernels=True), image)
    assert not calls
    for mine, other in zip(fast, exact, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4 * float(other.abs().max()))
    passes(Streamed(network, 70, workers=workers), image)
    assert calls

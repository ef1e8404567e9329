import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.cache import ByteCache, TileCache
from wholefield.sources.slides.image import AnyArray


def tile(value: int, size: int = 10) -> Callable[[], AnyArray]:
    return lambda: np.full(size, value, np.uint8)


def refuse() -> AnyArray:
    raise AssertionError("decoded although it was held")


def test_a_held_tile_is_not_decoded_again() -> None:
    cache = TileCache(100)
    first = cache.get((0, 0, 0, 0), tile(7))
    assert cache.get((0, 0, 0, 0), refuse) is first


def test_the_tile_used_longest_ago_goes_first() -> None:
    cache = TileCache(30)
    for column in range(3):
        cache.get((0, 0, 0, column), tile(column))
    cache.get((0, 0, 0, 0), refuse)
    cache.get((0, 0, 0, 3), tile(3))
    cache.get((0, 0, 0, 0), refuse)
    with pytest.raises(AssertionError):
        cache.get((0, 0, 0, 1), refuse)
    assert cache.used == 30


def test_a_tile_larger_than_the_cache_is_not_kept() -> None:
    cache = TileCache(30)
    cache.get((0, 0, 0, 0), tile(1))
    assert cache.get((0, 0, 0, 1), tile(2, 31)).size == 31
    cache.get((0, 0, 0, 0), refuse)
    assert cache.used == 10


def test_dropping_an_owner_keeps_the_others() -> None:
    cache = TileCache(100)
    mine, other = cache.new_owner(), cache.new_owner()
    cache.get((mine, 0, 0, 0), tile(1))
    cache.get((other, 0, 0, 0), tile(2))
    cache.drop(mine)
    assert cache.used == 10
    assert cache.get((other, 0, 0, 0), refuse)[0] == 2


def test_many_threads_stay_within_the_capacity() -> None:
    cache = TileCache(200)
    wrong: list[int] = []

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for column in rng.integers(0, 60, 400).tolist():
            if cache.get((0, 0, 0, column), tile(column))[0] != column or cache.used > 200:
                wrong.append(column)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


operations = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60), st.booleans()), max_size=60)


@given(operations, st.integers(1, 150))
def test_it_holds_what_a_plain_model_of_least_recently_used_holds(
    steps: list[tuple[int, int, bool]], capacity: int
) -> None:
    cache: ByteCache[int, bytes] = ByteCache(capacity, len)
    model: OrderedDict[int, int] = OrderedDict()
    for key, size, asks in steps:
        if asks:
            assert (cache.get(key) is not None) == (key in model)
            if key in model:
                model.move_to_end(key)
            continue
        cache.put(key, bytes(size))
        model.pop(key, None)
        if size <= capacity:
            model[key] = size
        while sum(model.values()) > capacity:
            model.popitem(last=False)
        assert cache.currsize == sum(model.values()) <= capacity
        assert all((key in cache) == (key in model) for key in range(10))
    assert len(cache) == len(model)


def test_clear_forgets_everything() -> None:
    cache: ByteCache[int, bytes] = ByteCache(10, len)
    cache.put(1, b"four")
    cache.clear()
    assert (len(cache), cache.currsize, cache.get(1)) == (0, 0, None)


def test_a_smaller_capacity_counts_from_the_next_value_on() -> None:
    cache: ByteCache[int, bytes] = ByteCache(10, len)
    for key in range(5):
        cache.put(key, b"ab")
    cache.capacity = 4
    cache.put(5, b"ab")
    assert sorted(cache) == [4, 5]

from collections import OrderedDict

from hypothesis import given, strategies as st

from wholefield_app.viewer.cache import ByteCache

operations = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60), st.booleans()), max_size=60)


@given(operations, st.integers(1, 150))
def test_it_holds_what_a_plain_model_of_least_recently_used_holds(steps, capacity):
    cache: ByteCache[int, str] = ByteCache(capacity)
    model: OrderedDict[int, int] = OrderedDict()
    for key, size, asks in steps:
        if asks:
            assert (cache.get(key) is not None) == (key in model)
            if key in model:
                model.move_to_end(key)
            continue
        cache.put(key, "value", size)
        model.pop(key, None)
        if size <= capacity:
            model[key] = size
        while sum(model.values()) > capacity:
            model.popitem(last=False)
        assert cache.used == sum(model.values()) <= capacity
        assert all((key in cache) == (key in model) for key in range(10))
    assert len(cache) == len(model)


def test_clear_forgets_everything():
    cache: ByteCache[int, str] = ByteCache(10)
    cache.put(1, "one", 4)
    cache.clear()
    assert (len(cache), cache.used, cache.get(1)) == (0, 0, None)

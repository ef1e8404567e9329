"""What the scheme of overlapping tiles keeps of a tile, and how often it computes each pixel."""

from hypothesis import given, settings, strategies as st

from tests.engine.streaming.geometry.maps import chain, layers
from wholefield.streaming.geometry.axis import Window
from wholefield.streaming.geometry.overlap import exact_pixels, redundant_work


@given(layers, st.integers(20, 200))
@settings(max_examples=50)
def test_exact_pixels_touch_only_outputs_that_see_the_tile_alone(
    shape: list[tuple[int, int, int]], tile: int
) -> None:
    nodes = chain(shape)
    start, stop = exact_pixels(nodes, tile, [len(nodes) - 1])
    reads: dict[int, set[tuple[int, int]]] = {pixel: set() for pixel in range(-40, tile + 40)}
    for output in range(-60, tile + 60):
        seen = {output}
        for node in reversed(nodes[1:]):
            along = node.maps[0]
            assert isinstance(along, Window)
            seen = {
                k * along.step - along.padding + tap * along.dilation
                for k in seen
                for tap in range(along.kernel)
            }
        for pixel in seen & reads.keys():
            reads[pixel].add((min(seen), max(seen)))
    for pixel in range(start, stop):
        assert all(low >= 0 and high < tile for low, high in reads[pixel])


def test_an_overlapping_scheme_that_keeps_nothing_cannot_run() -> None:
    nodes = chain([(3, 2, 1)] * 5)
    assert redundant_work([nodes, nodes], (40, 40), [5]) == float("inf")
    assert redundant_work([nodes, nodes], (4000, 4000), [5]) < 1.2

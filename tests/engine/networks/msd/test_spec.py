"""Groups and runs cover every layer once, in order."""

from hypothesis import given, settings, strategies as st

from wholefield.networks.msd.spec import BlockSpec, repeat_dilations, units_in_front


@settings(deadline=None)
@given(st.lists(st.integers(1, 12), max_size=40), st.integers(1, 12), st.integers(1, 4), st.integers(1, 3))
def test_groups_and_runs_partition_the_layers(
    dilations: list[int], group: int, c_in: int, width: int
) -> None:
    spec = BlockSpec(c_in, width, tuple(dilations), 2, group)
    groups = list(spec.groups())
    assert [layer for each in groups for layer in each.layers] == list(range(spec.depth))
    for each in groups:
        assert len(each.layers) <= group
        assert each.channels == 1 + units_in_front(c_in, width, each.layers.start)
        runs = list(spec.runs(each.layers))
        assert [layer for run in runs for layer in run] == list(each.layers)
        for run in runs:
            steps = {dilations[layer] - dilations[layer - 1] for layer in run[1:]}
            assert len(steps) <= 1


def test_counts() -> None:
    spec = BlockSpec(2, 3, repeat_dilations([1, 2, 4], 5), 3)
    assert spec.dilations == (1, 2, 4, 1, 2)
    assert (spec.depth, spec.channels, spec.taps, spec.lines, spec.margin) == (5, 17, 27, 9, 4)
    assert spec.front(4) - 1 == units_in_front(2, 3, 4) == 14
    assert repeat_dilations(range(1, 11), 12)[-2:] == (1, 2)
